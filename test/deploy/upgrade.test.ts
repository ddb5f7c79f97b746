/**
 * An upgrade with data, and the ways back: an earlier version and this one run in turn on one data folder. The earlier
 * version is the first whose histories `test/replay` holds; UPGRADE_FROM names another.
 */
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { countersign } from "../support/cli.ts";
import { temporaryFolder } from "../support/engine.ts";
import { freePort } from "../support/ports.ts";
import { pressAtOnce } from "../support/press.ts";
import { startRelay } from "../support/relay.ts";
import { ROOT, ServiceProcess } from "../support/service-process.ts";

const FROM = process.env["UPGRADE_FROM"] ?? "950a74f";
const ANA = "ana@example.com";

/** A checkout of a commit, with its own dependencies. */
function checkOut(commit: string): string {
  const folder = join(temporaryFolder(), "earlier");
  execFileSync("git", ["clone", "--quiet", "--no-checkout", ROOT, folder]);
  execFileSync("git", ["-C", folder, "checkout", "--quiet", commit]);
  execFileSync("npm", ["ci", "--prefer-offline"], { cwd: folder, stdio: "ignore" });
  return folder;
}

test(`data of ${FROM} goes on in this version, and back`, { timeout: 600_000 }, async () => {
  const earlier = checkOut(FROM);
  const dataDir = join(temporaryFolder(), "data");
  await using relay = await startRelay();
  const [port, enginePort] = [await freePort(), await freePort()];
  const env = {
    DATA_DIR: dataDir,
    PORT: String(port),
    ENGINE_PORT: String(enginePort),
    SMTP_URL: relay.url,
    MAIL_FROM: "approvals@example.com",
  };
  const api = new Api(`http://127.0.0.1:${port}`);
  const during = async (checkout: string, use: () => Promise<void>) => {
    const service = await ServiceProcess.start("all", env, [], checkout);
    try {
      await use();
    } finally {
      service.kill("SIGTERM");
      expect(await service.exited).toEqual({ code: 0, signal: null });
    }
    return Math.round(service.readyMs);
  };
  const ask = async (id: string) => {
    await api.ask({ id, approvers: [ANA] });
    return (await relay.mailTo(ANA, id)).links.approve;
  };
  const approve = async (id: string, link: string) => {
    // The form of both versions; their pages differ.
    expect((await pressAtOnce(link)).status).toBe(200);
    expect(await api.ended(id)).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
  };
  const isSound = async () => {
    const { code, stdout, stderr } = await countersign(["doctor"], env);
    expect([code, `${stdout}${stderr}`]).toEqual([0, expect.anything()]);
  };
  const states = async (ids: readonly string[]) => {
    const views = await Promise.all(ids.map((id) => api.approval(id)));
    return views.map(({ id, status }) => `${id}: ${status}`);
  };

  // The earlier version: one approval is decided, two are open.
  const links: Record<string, string> = {};
  await during(earlier, async () => {
    for (const id of ["decided", "open", "later"]) links[id] = await ask(id);
    await approve("decided", links["decided"] ?? "");
  });
  const before = join(temporaryFolder(), "before");
  cpSync(dataDir, before, { recursive: true });

  // This version goes on with them, and begins more.
  const upgradeMs = await during(ROOT, async () => {
    expect(await states(["decided", "open", "later"])).toEqual([
      "decided: approved",
      "open: pending",
      "later: pending",
    ]);
    await approve("open", links["open"] ?? "");
    await approve("new", await ask("new"));
    links["new-open"] = await ask("new-open");
  });
  await isSound();

  // Back, with the data of this version: what the earlier one knows goes on, and the rest is kept.
  const backMs = await during(earlier, async () => {
    expect(await states(["decided", "open"])).toEqual(["decided: approved", "open: approved"]);
    // It does not know approvals of this version. A press on their links is stored, but the person is told otherwise.
    expect((await api.approvalRaw("new-open")).status).toBe(404);
    expect((await pressAtOnce(links["new-open"] ?? "")).status).toBe(403);
    await approve("later", links["later"] ?? "");
    await approve("back", await ask("back"));
  });
  const againMs = await during(ROOT, async () => {
    expect(await states(["later", "back"])).toEqual(["later: approved", "back: approved"]);
    expect(await api.ended("new-open")).toMatchObject({ result: { outcome: "approved" } });
  });
  await isSound();

  // Back, with the copy of the data: what was decided after it is open again.
  rmSync(dataDir, { recursive: true });
  cpSync(before, dataDir, { recursive: true });
  const copyMs = await during(earlier, async () => {
    expect(await states(["decided", "open", "later"])).toEqual([
      "decided: approved",
      "open: pending",
      "later: pending",
    ]);
    await approve("open", links["open"] ?? "");
  });
  console.log({ upgradeMs, backMs, againMs, copyMs });
});

/** Machines whose clocks are wrong, or are set during a wait: the clock of a real process is set by a library loaded before it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { Api } from "../support/api.ts";
import { untilPasses } from "../support/eventually.ts";
import { buildPreload, whyNoPreload } from "../support/preload.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { newId, openSite } from "../support/site.ts";

const HOUR = 3_600_000;
const WAIT_MS = 1_000;

/** A clock for processes with the environment `env`. `set` says how far it is ahead of this machine's. */
function settableClock(ctx: TestContext, aheadMs = 0) {
  const why = whyNoPreload();
  ctx.skip(why !== undefined, why);
  const folder = mkdtempSync(join(tmpdir(), "clock-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "ahead");
  const set = (ms: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(ms));
    writeFileSync(file, bytes, { flag: "r+" });
  };
  writeFileSync(file, Buffer.alloc(8));
  set(aheadMs);
  const library = buildPreload(new URL("../support/set-clock.c", import.meta.url), folder);
  return { env: { LD_PRELOAD: library, SET_CLOCK: file }, set };
}

test("a wait takes as long as it should, though the clock is set an hour forward or back meanwhile", async (ctx) => {
  needsEmbeddedEngine(ctx, "sets the clock of the embedded engine");
  const clock = settableClock(ctx);
  await using site = await openSite();
  const service = await site.start("all", clock.env);
  const api = new Api(site.publicUrl);
  const wait = async (name: string) => {
    const beganAt = performance.now();
    const timeout = `PT${WAIT_MS / 1_000}S`;
    const id = await api.begin(newId(name), undefined, { func: "nobody", target: "nowhere", timeout });
    return async () => {
      expect(await api.ended(id), name).toMatchObject({ status: "timedout" });
      expect(performance.now() - beganAt, name).toBeGreaterThan(WAIT_MS - 50);
    };
  };
  const before = await wait("before");
  clock.set(HOUR);
  const ahead = await wait("ahead");
  await Promise.all([before(), ahead()]);
  const still = await wait("still-ahead");
  clock.set(-HOUR);
  const behind = await wait("behind");
  await Promise.all([still(), behind()]);
  clock.set(0);
  await (await wait("right-again"))();
  // A line may come a little later than the answer it tells of.
  await untilPasses(() => {
    const said = service.log.map(({ msg }) => String(msg)).filter((line) => line.includes("clock"));
    expect(said).toEqual([
      expect.stringContaining("was set forward"),
      expect.stringContaining("was set back"),
      expect.stringContaining("is that of the machine's clock again"),
    ]);
  });
});

test("a gateway whose clock is three minutes behind: its engine's clock decides what has passed", async (ctx) => {
  needsEmbeddedEngine(ctx, "starts the embedded engine");
  const clock = settableClock(ctx, -180_000);
  await using site = await openSite();
  await site.start("engine");
  await site.start("gateway", clock.env);
  const api = new Api(site.publicUrl);
  const ask = (deadline: string) =>
    api.askRaw({ id: newId("late"), approvers: ["ana@example.com"], deadline });
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  // By the gateway's own clock, this would be in two minutes.
  expect(await ask(at(-60_000))).toMatchObject({ status: 422 });
  expect(await ask(at(120_000))).toMatchObject({ status: 202 });
  const id = await api.ask({ id: newId("short"), approvers: ["ana@example.com"], deadline: "PT2M" });
  const { createdAt, deadline, status } = await api.approval(id);
  expect(status).toBe("pending");
  const givenMs = Date.parse(deadline) - Date.parse(createdAt);
  // By the gateway's own clock it would have ended before it began. What the request takes on its way comes off.
  expect(givenMs).toBeGreaterThan(60_000);
  expect(givenMs).toBeLessThan(122_000);
});

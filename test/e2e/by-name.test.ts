/** Approvals that nobody asked for by `POST /approvals`: from the command line, on a schedule, by a program of the SDK. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Resonate } from "@resonatehq/sdk";
import { expect, onTestFinished, test } from "vitest";
import { Api } from "../support/api.ts";
import { countersign } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { press } from "../support/press.ts";
import { RESONATE_TOKEN, RESONATE_URL } from "../support/resonate-server.ts";
import { SILENT } from "../support/sdk.ts";
import { newId, openSite, type Site } from "../support/site.ts";

const DAY_MS = 24 * 3_600_000;
const request = (title: string, more: object = {}) => ({ title, approvers: ["ana@example.com"], ...more });

test("countersign invoke --func approval asks as POST /approvals does", async () => {
  await using site = await openSite();
  const api = new Api((await site.start("all")).url);
  const id = newId("po");
  const invoke = (arg: object) =>
    countersign(["invoke", id, "--func", "approval", "--arg", JSON.stringify(arg)], site.env);

  expect(await invoke(request("Buy pens", { deadline: "P2D" }))).toMatchObject({ code: 0, stderr: "" });
  const view = await api.approval(id);
  expect(Date.parse(view.deadline) - Date.parse(view.createdAt)).toBeCloseTo(2 * DAY_MS, -5);
  // The same request, by the other door and by this one again, is the same approval; another is refused.
  expect((await api.askRaw({ id, ...request("Buy pens", { deadline: "P2D" }) })).status).toBe(202);
  expect(await invoke(request("Buy pens", { id, deadline: "PT48H" }))).toMatchObject({ code: 0 });
  expect(await invoke(request("Buy cars", { deadline: "P2D" }))).toMatchObject({ code: 6 });

  const mail = await site.mailTo("ana@example.com", "Buy pens");
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  expect(await api.ended(id)).toMatchObject({ result: { outcome: "approved" } });
});

test("a schedule of approvals asks at each occurrence, and each has its deadline", async () => {
  await using site = await openSite();
  const api = new Api((await site.start("all")).url);
  const name = newId("access");
  const file = join(site.dataDir, "access.json");
  await writeFile(file, JSON.stringify(request("Who may log in?", { deadline: "P5D" })));
  const create = ["schedule", "create", name, "--cron", "* * * * * *", "--approval", file];
  const made = await countersign(create, site.env);
  expect(made).toMatchObject({ code: 0, stderr: "" });
  const at = Date.parse((JSON.parse(made.stdout) as { nextRunAt: string }).nextRunAt);
  const [first, second] = [`${name}-${at}`, `${name}-${at + 1_000}`];
  const mail = await eventually("the second occurrence has asked", async () =>
    (await site.mailbox()).find(({ ballot }) => ballot.startsWith(`${second}:`)),
  );
  await countersign(["schedule", "delete", name], site.env);
  expect(await api.approval(first)).toMatchObject({
    status: "pending",
    deadline: new Date(at + 5 * DAY_MS).toISOString(),
  });
  expect(await api.approval(second)).toMatchObject({
    deadline: new Date(at + 1_000 + 5 * DAY_MS).toISOString(),
  });
  // Links of each run decide that run.
  expect(await press(mail.links.reject)).toMatchObject({ decision: "rejected", effective: true });
  expect(await api.ended(second)).toMatchObject({ result: { outcome: "rejected" } });
  expect(await api.approval(first)).toMatchObject({ status: "pending" });
});

test("a program of the SDK that calls approval by its name has it asked for, or is told what is wrong", async () => {
  await using site = await openSite();
  const api = new Api((await site.start("all")).url);
  const program = sdkOf(site);
  const begin = (id: string, timeout: number, ...args: unknown[]) =>
    program.beginRpc(id, "approval", ...args, program.options({ target: site.workerGroup, timeout }));

  const id = newId("sdk");
  const handle = await begin(id, 4 * DAY_MS, request("Buy desks", { deadline: "P2D" }));
  const mail = await site.mailTo("ana@example.com", "Buy desks");
  const view = await api.approval(id);
  expect(view).toMatchObject({ id: `${id}:1`, status: "pending", waitingFor: ["ana@example.com"] });
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  expect(await handle.result()).toMatchObject({ approval: `${id}:1`, outcome: "approved" });

  const cancelled = newId("sdk");
  const other = await begin(cancelled, 4 * DAY_MS, request("Buy chairs", { deadline: "P2D" }));
  await site.mailTo("ana@example.com", "Buy chairs");
  expect(await api.cancelled(cancelled)).toMatchObject({ status: "cancelled" });
  expect(await other.result()).toMatchObject({ outcome: "cancelled" });

  const failsWith = async (timeout: number, args: unknown[], message: RegExp) =>
    await expect((await begin(newId("bad"), timeout, ...args)).result()).rejects.toThrow(message);
  // The SDK's own default is 24 hours.
  await failsWith(DAY_MS, [request("x")], /deadline must be at least a day before its workflow's own end/);
  await failsWith(30 * DAY_MS, [{ title: "x", approvers: ["nobody"] }], /approvers\[0\]/);
  await failsWith(30 * DAY_MS, [request("x", { id: "other" })], /id must be left out/);
  await failsWith(30 * DAY_MS, [request("x"), 2], /pass one argument, the request/);
  await failsWith(30 * DAY_MS, [], /Cannot request an approval/);
});

function sdkOf(site: Site): Resonate {
  const token = RESONATE_URL
    ? RESONATE_TOKEN
    : readFileSync(join(site.dataDir, "engine.token"), "utf8").trim();
  const program = new Resonate({
    url: site.engineUrl,
    ...(token === undefined ? {} : { token }),
    group: "elsewhere",
    logger: SILENT,
  });
  onTestFinished(() => program.stop());
  return program;
}

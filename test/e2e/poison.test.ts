/** Calls that no worker can run: each ends with a clear message, and none of them sets worker and engine spinning. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ballotId } from "../../src/approval/ids.ts";
import { Api, type BeginOptions } from "../support/api.ts";
import type { Asked } from "../support/engine-proxy.ts";
import { type Called, call } from "../support/http.ts";
import { look, press } from "../support/press.ts";
import { createRaw, settleRaw } from "../support/protocol.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { RESONATE_URL } from "../support/resonate-server.ts";
import { newId, openSite, type Proxied, type Site } from "../support/site.ts";

const ANA = "ana@example.com";
/** Requests that a poisoned workflow may cost: it is taken up, looked at, and ended. A hot loop makes hundreds a second. */
const REQUESTS_MAX = 12;
/** The Resonate Server hands out the tasks of timers, now and then and to no effect. */
const LATER_MAX = RESONATE_URL === undefined ? 0 : 3;

let relay: Relay;
let site: Site;
let api: Api;
let worker: Proxied;
const poisoned: { readonly id: string; readonly max: number }[] = [];

beforeAll(async () => {
  relay = await startRelay();
  // What one worker cannot run is here nobody's: otherwise it would be handed back for minutes, a few requests each.
  site = await openSite({ relay, env: { WORKER_HANDBACK_MS: "0" } });
  await site.startParts({ workers: 0 });
  worker = await site.startProxied("worker");
  api = new Api(site.publicUrl);
});

afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
});

const REJECTED: readonly (readonly [what: string, arg: unknown, options: BeginOptions, error: RegExp])[] = [
  [
    "a function that no worker has",
    {},
    { func: "nope" },
    /Function "nope" version 1 is not registered.*greet v1/u,
  ],
  [
    "a version that no worker has",
    "World",
    { func: "greet", version: 7 },
    /"greet" version 7 is not registered/u,
  ],
  [
    "an argument that the function refuses",
    42,
    { func: "greet" },
    /must be a name, for instance "World", not 42/u,
  ],
  ["no argument where one is needed", undefined, { func: "greet" }, /must be a name/u],
  [
    "a workflow whose approval request is wrong",
    { item: "x", approvers: [] },
    { func: "purchase" },
    /approvers/u,
  ],
];

for (const [what, arg, options, error] of REJECTED) {
  test(`${what}: rejected with a message, after a handful of requests`, async () => {
    const id = await api.begin(newId("bad"), arg, options);
    const ended = await api.ended(id);
    expect(ended).toMatchObject({ status: "rejected", error: expect.stringMatching(error) });
    expect(ended.error).not.toMatch(/\n\s+at /u);
    poisoned.push({ id, max: REQUESTS_MAX });
  });
}

test("an argument that storage would change: refused with the field's name, and nothing is started", async () => {
  for (const [body, field] of [
    ['{"amount":1e400}', "body.amount"],
    ['{"amount":12345678901234567890}', "body.amount"],
    ['{"a":{"__proto__":1}}', "body.a.__proto__"],
  ] as const) {
    const id = newId("bad");
    const answer = await rawBegin(id, body);
    expect([body, answer.status, answer.text]).toEqual([
      body,
      422,
      expect.stringContaining(`"field":"${field}"`),
    ]);
    expect((await api.waitRaw(id)).status).toBe(404);
  }
  const deep = `${"[".repeat(1_000)}${"]".repeat(1_000)}`;
  expect((await rawBegin(newId("bad"), deep)).status).toBe(400);
  expect((await rawBegin(newId("bad"), "{not json")).status).toBe(400);
  // As large as is still read to its end: beyond that the connection is cut, and who is sending may lose the answer.
  expect((await rawBegin(newId("bad"), `"${"x".repeat(1_000_000)}"`)).status).toBe(413);
});

test("a stored call that is no call, written by another program: rejected, and the worker goes on", async () => {
  for (const [data, error] of [
    ["", "Cannot run"],
    ["!!", "Cannot run"],
    [base64("not json"), "Cannot run"],
    [base64('{"func":1}'), "Cannot run"],
    [base64('{"func":"approval","args":[{"title":1}]}'), "title must be a string; approvers is required"],
  ] as const) {
    const id = newId("bad");
    expect((await createRaw(site, id, data)).status).toBe(200);
    expect(await api.ended(id)).toMatchObject({ status: "rejected", error: expect.stringContaining(error) });
    poisoned.push({ id, max: REQUESTS_MAX });
  }
});

test("a ballot settled by another program with bytes that are no decision: the approval does not spin", async () => {
  for (const data of ["not base64 of JSON", base64('"yes"'), ""]) {
    const id = await api.ask({ id: newId("po"), approvers: [ANA, "bo@example.com"], require: "any" });
    const bo = await relay.mailTo("bo@example.com", id);
    expect((await settleRaw(site, ballotId(id, 1), "resolved", data)).status).toBe(200);
    expect((await look(bo.links.approve)).status).toBe(200);
    await press(bo.links.approve);
    const ended = await api.ended(id);
    expect([data, ended.status]).toEqual([data, expect.stringMatching(/^(?:resolved|rejected)$/u)]);
    // Mails, a press and the end of an approval are among them.
    poisoned.push({ id, max: 60 });
  }
});

test("afterwards worker and engine are calm: nothing more is asked about any of them", async () => {
  // Other work goes through, so that nothing of theirs is under way any more.
  expect(await api.ended(await api.begin(newId("foo"), {}))).toMatchObject({ status: "resolved" });
  const before = worker.proxy.asked.length;
  const cpuMs = await cpuMsOf(worker.service.pid);
  // A loop at its slowest comes round in the time that this approval is waited for.
  const open = await api.ask({ id: newId("po"), approvers: [ANA] });
  expect(await api.wait(open, 2)).toMatchObject({ status: "pending" });
  for (const { id } of poisoned) {
    const later = worker.proxy.asked.slice(before).filter((asked) => isAbout(id, asked));
    expect(later.length, JSON.stringify(later)).toBeLessThanOrEqual(LATER_MAX);
  }
  for (const { id, max } of poisoned) expect([id, requestsAbout(id) <= max]).toEqual([id, true]);
  expect((await cpuMsOf(worker.service.pid)) - cpuMs).toBeLessThan(1_000);
  expect(poisoned.length).toBeGreaterThan(10);
});

function requestsAbout(id: string): number {
  return worker.proxy.asked.filter((asked) => isAbout(id, asked)).length;
}

/** Not those of mails that tell of an end: they are workflows of their own, which may still be under way. */
function isAbout(id: string, asked: Asked): boolean {
  return (asked.id === id || asked.id.startsWith(`${id}:`)) && !asked.id.includes(":notice~");
}

/** Processor time that a process has used. */
async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // In hundredths of a second: user and system time.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function rawBegin(id: string, body: string): Promise<Called> {
  return call(`${site.publicUrl}/begin?id=${id}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
}

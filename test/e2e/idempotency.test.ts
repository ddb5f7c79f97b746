/** One id is one run: asked twice, fifty times at once through two gateways, and after everything was killed. */
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import type { EngineProxy } from "../support/engine-proxy.ts";
import { press } from "../support/press.ts";
import { startRelay } from "../support/relay.ts";
import { newId, openSite } from "../support/site.ts";

const ANA = "ana@example.com";
const TIMES = 50;

test("the same id fifty times at once, again, and after a restart of everything: it ran once", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const { engine, gateways } = await site.startParts({ gateways: 2, workers: 0 });
  const worker = await site.startProxied("worker");
  let origins = gateways.map(({ url }) => url);
  const anyApi = (at: number) => new Api(origins[at % origins.length]!);
  const foo = newId("foo");
  const po = newId("po");
  const begin = (at: number) => anyApi(at).beginRaw(foo, { n: 1 });
  const ask = (at: number) => anyApi(at).askRaw({ id: po, approvers: [ANA] });

  const begun = await atOnce(begin);
  expect(begun.map(({ status }) => status)).toEqual(Array(TIMES).fill(200));
  const asked = await atOnce(ask);
  expect(asked.map(({ status }) => status)).toEqual(Array(TIMES).fill(202));
  const result = await anyApi(0).ended(foo);
  const mail = await relay.mailTo(ANA, po);
  expect((await begin(0)).json()).toMatchObject({ promise: foo, status: "resolved" });
  expect((await ask(1)).json()).toMatchObject({ id: po, status: "pending" });
  expect(runsOf(worker.proxy, foo)).toBe(1);

  // A death before the mail is on record would send it again.
  await anyApi(0).approvalWhen(
    po,
    "the mail is on record",
    ({ ballots }) => ballots[0]?.mail.status === "sent",
  );
  for (const service of [...gateways, worker.service, ...(engine ? [engine] : [])]) await service.killHard();
  origins = (await site.startParts({ gateways: 2, workers: 0 })).gateways.map(({ url }) => url);
  const nextWorker = await site.startProxied("worker");
  expect((await begin(0)).json()).toMatchObject({ promise: foo, status: "resolved" });
  expect(await anyApi(1).ended(foo)).toEqual(result);
  expect((await ask(0)).json()).toMatchObject({ id: po, status: "pending" });
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  expect(await anyApi(0).ended(po)).toMatchObject({ result: { outcome: "approved" } });
  expect((await ask(1)).json()).toMatchObject({ id: po, status: "approved" });
  expect(runsOf(nextWorker.proxy, foo)).toBe(0);
  expect(relay.mailsOf(po)).toHaveLength(1);

  // Counter-test: without an id every request is a run of its own, and the same measure sees all of them.
  const loose = await atOnce((at) => anyApi(at).beginRaw(undefined, { n: 1 }));
  const ids = loose.map((answer) => String(answer.json()["promise"]));
  await Promise.all(ids.map((id) => anyApi(0).ended(id)));
  expect(new Set(ids).size).toBe(TIMES);
  expect(ids.map((id) => runsOf(nextWorker.proxy, id))).toEqual(Array(TIMES).fill(1));
});

test("the same id with another function, argument or question: 409, and nothing is started", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const all = await site.start("all");
  const api = new Api(all.url);
  const id = await api.begin(newId("foo"), { n: 1 });
  expect((await api.beginRaw(id, { n: 2 })).status).toBe(409);
  expect((await api.beginRaw(id, { n: 1 }, { func: "greet" })).status).toBe(409);
  expect((await api.beginRaw(id, { n: 1 }, { version: 2 })).status).toBe(409);
  expect((await api.askRaw({ id, approvers: [ANA] })).status).toBe(409);
  expect(await api.ended(id)).toMatchObject({ result: { result: 'Processed: {"n":1}' } });

  const po = await api.ask({ id: newId("po"), approvers: [ANA] });
  expect((await api.askRaw({ id: po, approvers: ["bo@example.com"] })).status).toBe(409);
  expect((await api.askRaw({ id: po, approvers: [ANA], title: "Another" })).status).toBe(409);
  expect((await api.beginRaw(po, { n: 1 })).status).toBe(409);
  const mail = await relay.mailTo(ANA, po);
  await press(mail.links.approve);
  expect(await api.ended(po)).toMatchObject({ result: { outcome: "approved" } });
  expect(relay.accepted).toHaveLength(1);
});

test("the same Idempotency-Key is one run, for workflows and approvals", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const all = await site.start("all");
  const api = new Api(all.url);
  const headers = { "Idempotency-Key": newId("key") };
  const begun = await atOnce(() => api.beginRaw(undefined, { n: 1 }, { headers }));
  expect(new Set(begun.map((answer) => answer.json()["promise"])).size).toBe(1);
  expect((await api.beginRaw(undefined, { n: 2 }, { headers })).status).toBe(409);
});

function atOnce<T>(act: (at: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: TIMES }, (_, at) => act(at)));
}

/** How often a worker took the workflow up and ran it from its first line. */
function runsOf({ replies }: EngineProxy, id: string): number {
  return replies.filter(
    ({ asked, status }) => asked.kind === "task.acquire" && asked.id === id && status === 200,
  ).length;
}

/**
 * `kill -9` of the worker at each moment at which an approval could be lost, mailed twice, or end wrongly.
 *
 * The relay and the proxy to the engine live in the test's process, so they say exactly when a moment has come. Every
 * test has one worker at a time; the next one takes over when the lease of the dead one has run out, which it does when the
 * test says so.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ballotId, endId } from "../../src/approval/ids.ts";
import { Api } from "../support/api.ts";
import { type Asked, type EngineProxy, storesStep } from "../support/engine-proxy.ts";
import { eventually, untilPasses } from "../support/eventually.ts";
import type { ReadMail } from "../support/mails.ts";
import { type Leases, startLeases, TOLD_LEASE } from "../support/movable-engine.ts";
import { look, press } from "../support/press.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { newId, openSite, type Proxied, type Site } from "../support/site.ts";

const ANA = "ana@example.com";
const BO = "bo@example.com";
/** Position of the first mail of an approval with one approver. */
const MAIL_STEP = 2;

let relay: Relay;
let site: Site;
let leases: Leases;
let api: Api;

beforeAll(async () => {
  relay = await startRelay();
  site = await openSite({ relay, env: TOLD_LEASE });
  leases = await startLeases(site);
  api = new Api((await site.start("gateway")).url);
});

afterAll(async () => {
  await leases[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
});

test("before the mail is accepted: it goes out once", async () => {
  const first = await site.startProxied("worker");
  const asked = Promise.withResolvers<void>();
  relay.script.rcpt = async () => {
    delete relay.script.rcpt;
    asked.resolve();
    await first.service.exited;
    return "accept" as const;
  };
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  await asked.promise;
  await die(first);

  await using _second = await site.start("worker");
  await approveAndEnd(id, await relay.mailTo(ANA, id));
  expect(relay.mailsOf(id)).toHaveLength(1);
});

test("when the relay has accepted and nobody has heard its 250: two copies of one mail", async () => {
  const first = await site.startProxied("worker");
  const held = relay.holdNext();
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  await held.mail;
  await die(first);
  held.release("accept");

  await using _second = await site.start("worker");
  await expectTwoCopies(id);
});

test("between the relay's 250 and the checkpoint: two copies of one mail", async () => {
  const first = await site.startProxied("worker");
  const held = first.proxy.hold("request", storesStep(MAIL_STEP));
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  await held.reached;
  expect(relay.mailsOf(id)).toHaveLength(1);
  await die(first);
  held.release("cut");

  await using _second = await site.start("worker");
  await expectTwoCopies(id);
});

test("when the checkpoint is on disk and the worker does not know: one mail, no second", async () => {
  const first = await site.startProxied("worker");
  const held = first.proxy.hold("reply", storesStep(MAIL_STEP));
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  await held.reached;
  await die(first);
  held.release("cut");

  await using _second = await site.start("worker");
  await approveAndEnd(id, await relay.mailTo(ANA, id));
  expect(relay.mailsOf(id)).toHaveLength(1);
});

test("while suspended: the decision is taken with no worker there, and the next one ends it", async () => {
  const first = await site.startProxied("worker");
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  const mail = await relay.mailTo(ANA, id);
  await eventually("the workflow is suspended", () => hasSuspended(first.proxy, id));
  await die(first);

  expect(await press(mail.links.approve)).toMatchObject({
    status: 200,
    decision: "approved",
    effective: true,
  });
  expect(await api.approval(id)).toMatchObject({ status: "pending", ballots: [{ state: "approved" }] });
  await using _second = await site.start("worker");
  expect(await api.ended(id)).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
  expect(relay.mailsOf(id)).toHaveLength(1);
});

test("five times between the decision and the end: one outcome, and late links tell the truth each time", async () => {
  const asking = await site.startProxied("worker");
  const id = await api.ask({ id: newId("po"), approvers: [ANA, BO], require: "any" });
  const [ana, bo] = [await relay.mailTo(ANA, id), await relay.mailTo(BO, id)];
  await api.approvalWhen(id, "both mails are on record", ({ ballots }) =>
    ballots.every((ballot) => ballot.mail.status === "sent"),
  );
  await die(asking);
  expect(await press(ana.links.approve)).toMatchObject({ decision: "approved", effective: true });

  const verdict = (asked: Asked) => asked.id === endId(id) && asked.kind === "promise.settle";
  const withdrawal = (asked: Asked) => asked.id === ballotId(id, 2) && asked.kind === "promise.settle";
  const fulfilment = (asked: Asked) => asked.id === id && asked.kind === "task.fulfill";
  const moments = [
    ["request", withdrawal, 200, undefined],
    // From here on Bo can answer no more, and how it ends is not on record yet.
    ["reply", withdrawal, 200, "closing"],
    ["request", verdict, 200, "closing"],
    ["reply", verdict, 200, "approved"],
    ["request", fulfilment, 200, "approved"],
  ] as const;
  for (const [moment, matches, status, decision] of moments) {
    const worker = await site.startProxied("worker");
    const held = worker.proxy.hold(moment, matches);
    await held.reached;
    await die(worker);
    held.release("cut");
    expect(await look(bo.links.reject)).toMatchObject({ status, decision });
    expect(await look(ana.links.reject)).toMatchObject({ status: 200, decision: "approved" });
  }

  await using _last = await site.start("worker");
  expect(await api.ended(id)).toMatchObject({
    status: "resolved",
    result: { outcome: "approved", decisions: [{ email: ANA, choice: "approve" }] },
  });
  expect(await api.approval(id)).toMatchObject({
    status: "approved",
    ballots: [{ state: "approved" }, { state: "withdrawn" }],
    waitingFor: [],
  });
  expect(await press(bo.links.reject)).toMatchObject({ decision: "approved" });
  expect(relay.mailsOf(id)).toHaveLength(2);
});

test("with a judgement on disk, and the deadline is moved before the next worker comes: that one acts on it", async () => {
  const first = await site.startProxied("worker");
  const id = await api.ask({ id: newId("po"), approvers: [ANA], deadline: "PT1H" });
  await relay.mailTo(ANA, id);
  await eventually("the workflow is suspended", () => hasSuspended(first.proxy, id));
  // The judgement of a question that is handed on, after which the approval waits on in the same stage.
  const judged = first.proxy.hold("reply", storesStep(MAIL_STEP + 1));
  const handedOn = api.act(id, "ballots/1/reassign", { to: BO });
  await judged.reached;
  await die(first);
  judged.release("cut");
  const untilMs = Date.now() + 48 * 3_600_000;
  await Promise.all([handedOn, api.act(id, "extend", { deadline: new Date(untilMs).toISOString() })]);

  const { service: second, proxy: seen } = await site.startProxied("worker");
  const mail = await relay.mailTo(BO, id);
  // Nobody answers: without looking again, this worker would let the approval end at its first deadline.
  await untilPasses(() => {
    const made = seen.replies.filter(
      ({ asked, status }) => asked.action === "promise.create" && status === 200,
    );
    expect(made.map(({ asked }) => endsAt(asked))).toContain(untilMs);
  });
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  expect(await api.ended(id)).toMatchObject({ result: { outcome: "approved", decisions: [{ email: BO }] } });
  expect(relay.mailsOf(id).map(({ to }) => to)).toEqual([ANA, BO]);
  await second.killHard();
});

function endsAt({ data }: Asked): unknown {
  return (data["action"] as { data: { timeoutAt?: number } }).data.timeoutAt;
}

test("frozen in the middle of a mail for longer than its lease: the other worker sends again, and the first does no harm", async () => {
  const first = await site.startProxied("worker");
  const held = relay.holdNext();
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  await held.mail;
  // Connected before the lease runs out: with nobody else there, the task goes to the frozen one again, for 30 s.
  await using _second = await site.start("worker");
  first.service.kill("SIGSTOP");
  leases.end();

  const mail = await relay.mailTo(ANA, id);
  held.release("accept");
  first.service.kill("SIGCONT");
  await eventually("the first worker's checkpoint is refused", () =>
    first.proxy.replies.some(({ asked, status }) => storesStep(MAIL_STEP)(asked) && status === 409),
  );
  await approveAndEnd(id, mail);
  await expectCopies(id, 2);

  await _second.killHard();
  const next = await api.ask({ id: newId("po"), approvers: [ANA] });
  await approveAndEnd(next, await relay.mailTo(ANA, next));
  await die(first);
});

/** `kill -9`; what it held is handed to whoever comes next. */
async function die({ service, proxy }: Proxied): Promise<void> {
  await service.killHard();
  await proxy.drained();
  leases.end();
}

function hasSuspended({ replies }: EngineProxy, id: string): boolean {
  return replies.some(
    ({ asked, status }) => asked.kind === "task.suspend" && asked.id === id && status === 200,
  );
}

async function expectTwoCopies(id: string): Promise<void> {
  const mail = await eventually("the second copy", () => relay.mailsOf(id)[1]);
  await approveAndEnd(id, mail);
  await expectCopies(id, 2);
  const [first] = relay.mailsOf(id);
  expect(await press((first as ReadMail).links.reject)).toMatchObject({ decision: "approved" });
}

async function expectCopies(id: string, count: number): Promise<void> {
  const copies = relay.mailsOf(id);
  expect(copies).toHaveLength(count);
  expect(new Set(copies.map(({ messageId }) => messageId)).size).toBe(1);
  expect(new Set(copies.map(({ text, html }) => text + html)).size).toBe(1);
}

async function approveAndEnd(id: string, mail: ReadMail): Promise<void> {
  expect(await press(mail.links.approve)).toMatchObject({
    status: 200,
    decision: "approved",
    effective: true,
  });
  expect(await api.ended(id)).toMatchObject({
    status: "resolved",
    result: { outcome: "approved", decisions: [{ email: ANA, choice: "approve" }] },
  });
  expect(await look(mail.links.reject)).toMatchObject({ status: 200, decision: "approved" });
}

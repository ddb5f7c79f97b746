/**
 * Approvals that the version before this one began, which stored every step twice and judged every answer: what it left is
 * taken up where it was, nothing is done again, and it ends by the same rule. On the embedded engine, which sends along all
 * that a workflow has, and on the SDK's own server, which sends less.
 */

import { LocalNetwork, type Network, type PromiseRecord } from "@resonatehq/sdk";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ApprovalRequest, Delivery } from "../../../src/approval/approval.ts";
import { ballotId, childId, endId, KIND_TAG } from "../../../src/approval/ids.ts";
import { APPROVAL_SLACK_MS, parseApprovalRequest } from "../../../src/approval/request.ts";
import type { RequestMail } from "../../../src/channels/mail/mailer.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { encodeValue } from "../../../src/durable/value.ts";
import type { EngineNetwork } from "../../../src/engine/deliver/network.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { startWorker } from "../../../worker/runtime/worker.ts";
import { WORKFLOWS } from "../../../worker/workflows/index.ts";
import { callbackUrlProblem, NO_CALLBACKS } from "../../support/callbacks.ts";
import { testEngine } from "../../support/engine.ts";
import { untilPasses } from "../../support/eventually.ts";
import { mailerOf } from "../../support/mailer.ts";

const DAY_MS = 24 * 3_600_000;
const SENT: Delivery = { status: "sent", messageId: "<m@x>" };
const WAIT = { verdict: { kind: "wait" }, retryDue: false, decisions: [] };
const TWO = { title: "Order", approvers: ["a@x.org", "b@x.org"], require: "all" };

const HOSTS: Readonly<Record<string, () => Network>> = {
  "the embedded engine": () => testEngine().network({ group: "worker" }),
  "the SDK's own server": () => new LocalNetwork({ pid: "test", group: "worker" }),
};

describe.each(Object.entries(HOSTS))("on %s", (_, open) => {
  test("an answer that it has judged as too little is judged with the next one", async () => {
    const old = await begun(open(), TWO);
    await old.step(3, { kind: "mail", n: 1, delivery: SENT });
    await old.step(4, { kind: "mail", n: 2, delivery: SENT });
    await old.answer(1);
    await old.step(5, { ...WAIT, settled: 1 });
    await old.suspend();
    const mails = old.work();
    await old.answer(2);
    expect(await old.outcome()).toMatchObject({ outcome: "approved", decisions: [{ n: 1 }, { n: 2 }] });
    expect(mails).toEqual([]);
  });

  test("a verdict that it has stored is the outcome", async () => {
    const old = await begun(open(), { ...TWO, require: "any" });
    await old.step(3, { kind: "mail", n: 1, delivery: SENT });
    await old.step(4, { kind: "mail", n: 2, delivery: SENT });
    await old.answer(1);
    const decisions = [{ n: 1, email: "a@x.org", choice: "approve", at: "2026-01-01T00:00:00.000Z" }];
    await old.settle(ballotId("a", 2), { kind: "withdrawn" });
    await old.settle(endId("a"), { kind: "closed", outcome: "approved", reason: "as stored", answered: [1] });
    const verdict = { kind: "done", outcome: "approved", reason: "as stored" };
    await old.step(5, { verdict, settled: 3, retryDue: false, decisions });
    await old.release();
    const mails = old.work();
    expect(await old.outcome()).toMatchObject({ outcome: "approved", reason: "as stored", decisions });
    expect(mails).toEqual([]);
  });

  test("a mail that it could not hand over is tried again, behind the judgements that it has stored", async () => {
    const old = await begun(open(), TWO);
    const nextTryAtMs = Date.now();
    await old.step(3, { kind: "mail", n: 1, delivery: { status: "deferred", reason: "451", nextTryAtMs } });
    await old.step(4, { kind: "mail", n: 2, delivery: SENT });
    await old.timer(5, "retry");
    await old.answer(2);
    await old.step(6, { ...WAIT, settled: 1 });
    await old.settle(childId("a", 5), null);
    await old.step(7, { ...WAIT, settled: 1, retryDue: true });
    await old.release();
    const mails = old.work();
    await untilPasses(() => expect(mails).toHaveLength(1));
    await old.answer(1);
    expect(await old.outcome()).toMatchObject({ outcome: "approved", decisions: [{ n: 1 }, { n: 2 }] });
    expect(mails.map(({ approver }) => approver.email)).toEqual(["a@x.org"]);
  });

  test("a mail that it was sending when it died is sent, once", async () => {
    const old = await begun(open(), TWO);
    await old.step(3, { kind: "mail", n: 1, delivery: SENT });
    await old.beginStep(4);
    await old.release();
    const mails = old.work();
    await untilPasses(() => expect(mails).toHaveLength(1));
    await old.answer(1);
    await old.answer(2);
    expect(await old.outcome()).toMatchObject({ outcome: "approved" });
    expect(mails.map(({ approver }) => approver.email)).toEqual(["b@x.org"]);
  });
});

/** The approval `a` as a worker of the earlier version has it under way: its end and ballots are stored. */
async function begun(network: Network, fields: object) {
  const parsed = parseApprovalRequest(fields, { nowMs: Date.now(), callbackUrlProblem });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const request: ApprovalRequest = parsed.value;
  const durable = createDurable(network);
  const timeoutAt = Date.now() + 7 * DAY_MS;
  await durable.start({
    id: "a",
    func: "approval",
    args: [request],
    timeoutAt: timeoutAt + APPROVAL_SLACK_MS,
    tags: { [KIND_TAG]: "approval" },
  });
  const task = { id: "a", version: 1 };
  await ask("task.acquire", { ...task, version: 0, pid: "old", ttl: 60_000 });

  async function ask(kind: string, data: object): Promise<Readonly<Record<string, unknown>>> {
    const head = { corrId: crypto.randomUUID(), version: "2026-04-01" };
    const { head: answer, data: answered } = await network.send({ kind, head, data } as never);
    if ((answer as { status: number }).status !== 200) throw new Error(JSON.stringify(answered));
    return answered as never;
  }

  const fenced = (kind: string, data: object) =>
    ask("task.fence", { ...task, action: { kind, head: { corrId: "c", version: "2026-04-01" }, data } });
  const created = (n: number, tags: object, param: object = {}) => {
    const lineage = { "resonate:origin": "a", "resonate:parent": "a" };
    return fenced("promise.create", { id: childId("a", n), timeoutAt, param, tags: { ...lineage, ...tags } });
  };
  const timer = (n: number, kind: string) =>
    created(n, {
      "resonate:scope": "global",
      "resonate:branch": childId("a", n),
      "resonate:timer": "true",
      "resonate:target": "poll://any@worker",
      [KIND_TAG]: kind,
    });
  const beginStep = (n: number) => created(n, { "resonate:scope": "local", "resonate:branch": "a" });

  await timer(0, "end");
  for (const [i, approver] of request.approvers.entries()) {
    const n = i + 1;
    const ballot = { kind: "ballot", approval: "a", n, approver, recipient: `r${n}`, gen: 0 };
    const tags = {
      "resonate:scope": "global",
      "resonate:branch": childId("a", n),
      "resonate:external": "true",
    };
    await created(n, { ...tags, [KIND_TAG]: "ballot" }, encodeValue(ballot));
  }

  return {
    timer,
    beginStep,
    async step(n: number, result: unknown) {
      await beginStep(n);
      const data = { id: childId("a", n), state: "resolved", value: encodeValue(result) };
      await fenced("promise.settle", data);
    },
    settle: (id: string, value: unknown) => durable.settle(id, value),
    answer: (n: number) =>
      durable.settle(ballotId("a", n), {
        kind: "decision",
        choice: "approve",
        by: request.approvers[n - 1]?.email,
        door: "mail",
        nonce: `nonce-${n}`,
      }),
    release: () => ask("task.release", task),
    suspend: () =>
      ask("task.suspend", {
        ...task,
        actions: [endId("a"), ballotId("a", 2)].map((awaited) => ({
          kind: "promise.register_callback",
          head: { corrId: "c", version: "2026-04-01" },
          data: { awaiter: "a", awaited },
        })),
      }),
    /** A worker of this version; answers the mails that it sends from now on. */
    work(): readonly RequestMail[] {
      const mails: RequestMail[] = [];
      const worker = startWorker({
        network,
        pid: "new",
        leaseMs: 60_000,
        concurrency: 10,
        log: pino({ level: "silent" }),
        workflows: WORKFLOWS,
        services: {
          mailer: mailerOf(async (mail) => {
            mails.push(mail);
            return SENT;
          }),
          callbacks: NO_CALLBACKS,
          tokens: createLinkTokens({
            keys: [{ kid: "k", secret: Buffer.alloc(32, 7) }],
            issuer: "http://a.test",
          }),
          publicUrl: "http://a.test",
          group: "worker",
        },
      });
      onTestFinished(() => worker.stop(1_000));
      if ("start" in network) (network as EngineNetwork).start();
      return mails;
    },
    async outcome(): Promise<unknown> {
      for (;;) {
        const { promise } = (await ask("promise.get", { id: "a" })) as { promise: PromiseRecord };
        const root = await durable.read(promise.id);
        if (root?.state !== "pending") return root?.value;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

import { LocalNetwork, type Network, type PromiseRecord } from "@resonatehq/sdk";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import type {
  Ballot,
  Cancellation,
  Decision,
  Delivery,
  Outcome,
  PlainChoice,
} from "../../../src/approval/approval.ts";
import { ballotId, childId, endId, KIND_TAG } from "../../../src/approval/ids.ts";
import { parseApprovalRequest } from "../../../src/approval/request.ts";
import { approvalCall } from "../../../src/approval/starting.ts";
import type { Mail, RequestMail } from "../../../src/channels/mail/mailer.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { stepRecord } from "../../../src/durable/step-record.ts";
import { VALUE_ENCODER } from "../../../src/durable/value.ts";
import type { EngineNetwork } from "../../../src/engine/deliver/network.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { addAbsence } from "../../../src/service/absences/absences.ts";
import { openAbsenceBook } from "../../../src/service/absences/book.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { startWorker, type Worker } from "../../../worker/runtime/worker.ts";
import { WORKFLOWS } from "../../../worker/workflows/index.ts";
import { callbackUrlProblem, NO_CALLBACKS } from "../../support/callbacks.ts";
import { freezeSharedValues } from "../../support/frozen-values.ts";
import { mailerOf } from "../../support/mailer.ts";

const codec = VALUE_ENCODER;
let rig: Rig | undefined;

afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

describe("approval workflow", () => {
  it("mails each approver once all ballots stand, and ends with the first approval", async () => {
    const b = open();
    await b.ask("a", { approvers: ["ana@example.com", "bo@example.com"] });
    await until(() => b.mails.length === 2);
    expect(b.mails.map(({ approver }) => approver.email)).toEqual(["ana@example.com", "bo@example.com"]);
    await b.answer("a", 2, "approve");
    expect(await b.value("a")).toMatchObject({
      approval: "a",
      outcome: "approved",
      decisions: [{ n: 2, email: "bo@example.com", choice: "approve" }],
    });
    expect(await b.value(ballotId("a", 1))).toEqual({ kind: "withdrawn" });
    expect(await b.value(endId("a"))).toMatchObject({ kind: "closed", outcome: "approved" });
    expect(b.mails).toHaveLength(2);
  });

  it.each([
    ["the embedded engine", embedded],
    ["the SDK's own server", underArming],
  ])("carries words that the SDK's codec has of its own to mail and outcome, on %s", async (_, host) => {
    const b = open(() => SENT, host());
    const metadata: unknown = JSON.parse(
      '{"a":"__INF__","b":{"__type":"error","message":"m"},"__type":"error"}',
    );
    await b.ask("a", { title: "__INF__", metadata, approvers: ["a@x.org"] });
    await until(() => b.mails.length === 1);
    expect(b.mails[0]).toMatchObject({ request: { title: "__INF__" } });
    await b.answer("a", 1, "reject", "__NEG_INF__");
    expect(await b.value("a")).toMatchObject({
      outcome: "rejected",
      decisions: [{ choice: "reject", comment: "__NEG_INF__" }],
      metadata,
    });
  });

  it("asks stand-ins where a schedule has started it, as it was settled then", async () => {
    const b = open();
    await b.away("ana@example.com", "bo@example.com");
    await b.schedule("a", { approvers: ["ana@example.com", "cy@example.com"], require: "all" });
    await until(() => b.mails.length === 2);
    expect(b.mails.map(({ approver }) => approver.email)).toEqual(["bo@example.com", "cy@example.com"]);
    await b.stopWorker();
    b.restartWorker();
    await b.answer("a", 2, "approve");
    await b.answer("a", 3, "approve");
    expect(await b.value("a")).toMatchObject({
      outcome: "approved",
      decisions: [{ email: "bo@example.com" }, { email: "cy@example.com" }],
    });
    expect(b.mails).toHaveLength(2);
  });

  it("tells the person who asked whom a schedule has asked, also where somebody is away", async () => {
    const b = open();
    await b.away("ana@example.com", "bo@example.com");
    const request = {
      approvers: ["ana@example.com", "cy@example.com"],
      requester: "kim@example.com",
      follow: true,
    };
    await b.schedule("a", request);
    await until(() => b.told.some(({ kind }) => kind === "requested"));
    expect(b.told.find(({ kind }) => kind === "requested")).toMatchObject({
      people: [{ email: "bo@example.com" }, { email: "cy@example.com" }],
    });
  });

  it("waits on while the rule is not met, over several passes", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org", "b@x.org", "c@x.org"], require: "all" });
    await until(() => b.mails.length === 3);
    await b.answer("a", 1, "approve");
    await b.answer("a", 3, "approve");
    expect((await b.read("a")).state).toBe("pending");
    await b.answer("a", 2, "approve");
    expect(await b.value("a")).toMatchObject({
      outcome: "approved",
      decisions: [{ n: 1 }, { n: 2 }, { n: 3 }],
    });
    expect(b.mails).toHaveLength(3);
  });

  it("ends with a veto and withdraws the others", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org", "b@x.org"], require: "all" });
    await b.answer("a", 1, "reject", "too dear");
    expect(await b.value("a")).toMatchObject({
      outcome: "rejected",
      decisions: [{ choice: "reject", comment: "too dear" }],
    });
    expect(await b.value(ballotId("a", 2))).toEqual({ kind: "withdrawn" });
  });

  it.each([
    ["the embedded engine", embedded],
    ["a server that arms nothing but targets", underArming],
  ])("ends at its deadline on %s", async (_, host) => {
    const b = open(() => SENT, host());
    await b.ask("a", { approvers: ["a@x.org"], onDeadline: "reject" }, 1200);
    expect(await b.value("a")).toMatchObject({ outcome: "rejected", decisions: [] });
    expect(await b.value(ballotId("a", 1))).toEqual({ kind: "withdrawn" });
  });

  it("ends when it is cancelled, and counts no press that came later", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org"] });
    await until(() => b.mails.length === 1);
    await b.stopWorker();
    const cancelled: Cancellation = { kind: "cancelled", reason: "no budget", nonce: "c" };
    await b.settle(endId("a"), cancelled);
    await nextMillisecond();
    await b.answer("a", 1, "approve");
    b.restartWorker();
    expect(await b.value("a")).toMatchObject({ outcome: "cancelled", reason: "It was cancelled: no budget" });
  });

  it("counts a press that came before the cancellation", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org"] });
    await until(() => b.mails.length === 1);
    await b.stopWorker();
    await b.answer("a", 1, "approve");
    await nextMillisecond();
    await b.settle(endId("a"), { kind: "cancelled", nonce: "c" });
    b.restartWorker();
    expect(await b.value("a")).toMatchObject({ outcome: "approved" });
  });

  it("comes to the same after a judgement that was cut off between the ballots and the end", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org", "b@x.org", "c@x.org"] });
    await until(() => b.mails.length === 3);
    await b.stopWorker();
    await b.answer("a", 1, "approve");
    await b.settle(ballotId("a", 2), { kind: "withdrawn" });
    await b.answer("a", 3, "reject");
    b.restartWorker();
    // Whoever rejected was told that it counts: the end was open.
    expect(await b.value("a")).toMatchObject({ outcome: "rejected", decisions: [{ n: 1 }, { n: 3 }] });
    expect(await b.value(endId("a"))).toMatchObject({ outcome: "rejected", answered: [1, 3] });
  });

  it("keeps a verdict that is written, and counts the answers that it lists", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org", "b@x.org"] });
    await until(() => b.mails.length === 2);
    await b.stopWorker();
    await b.answer("a", 1, "approve");
    const closed = { kind: "closed", outcome: "approved", reason: "1 of 1", answered: [1] };
    await b.settle(endId("a"), closed);
    await b.answer("a", 2, "reject");
    b.restartWorker();
    const outcome = (await b.value("a")) as Outcome;
    expect(outcome.outcome).toBe("approved");
    expect(outcome.decisions.map(({ n }) => n)).toEqual([1]);
  });

  it.each([
    ["a decision without its person", { kind: "decision", choice: "approve" }],
    ["a text", "approve"],
    ["nothing", null],
  ])("takes %s on a ballot for no answer, and goes on with the others", async (_, junk) => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org", "b@x.org"] });
    await until(() => b.mails.length === 2);
    await b.settle(ballotId("a", 1), junk);
    await b.answer("a", 2, "approve");
    expect(await b.value("a")).toMatchObject({ outcome: "approved", decisions: [{ n: 2 }] });
  });

  it("ends as cancelled when something of nobody's is written into its end", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org"] });
    await until(() => b.mails.length === 1);
    await b.settle(endId("a"), { done: true });
    expect(await b.value("a")).toMatchObject({ outcome: "cancelled", reason: "It was cancelled" });
  });

  it("goes on without an approver whose mail is refused", async () => {
    const b = open(({ approver }) =>
      approver.email.startsWith("gone") ? { status: "undeliverable", reason: "no such user" } : SENT,
    );
    await b.ask("a", { approvers: ["gone@x.org", "b@x.org"] });
    await until(() => b.mails.length === 2);
    await b.answer("a", 2, "approve");
    expect(await b.value("a")).toMatchObject({ outcome: "approved" });
  });

  it("lets people decide while a mail waits to be tried again", async () => {
    const b = open(({ approver }) =>
      approver.email.startsWith("busy") ? { status: "deferred", reason: "greylisted" } : SENT,
    );
    await b.ask("a", { approvers: ["busy@x.org", "b@x.org"] });
    await until(() => b.mails.length === 2);
    await b.answer("a", 2, "approve");
    expect(await b.value("a")).toMatchObject({ outcome: "approved" });
  });

  it("mails again to those who could not be reached, and to nobody else, for as long as an answer would count", async () => {
    const b = open(({ approver }) =>
      approver.email.startsWith("busy") ? { status: "deferred", reason: "greylisted" } : SENT,
    );
    await b.ask("a", { approvers: ["busy@x.org", "b@x.org"], require: "all" }, 7 * DAY_MS);
    await until(() => b.mails.length === 2);
    // After the end, two ballots and two mails comes a timer; then each round is a judgement, a mail and a timer.
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const timer = await b.read(childId("a", 5 + 3 * round));
      pauses.push(Math.round((timer.timeoutAt - timer.createdAt) / 60_000));
      await b.settle(timer.id, null);
      await until(() => b.mails.length === 3 + round);
    }
    expect(pauses).toEqual([1, 5, 15, 60, 240, 240, 240, 240]);
    expect(await b.value(childId("a", 5 + 3 * 7 + 2))).toEqual({
      kind: "mail",
      n: 1,
      delivery: { status: "deferred", reason: "greylisted", nextTryAtMs: expect.any(Number) },
    });
    expect(b.mails.slice(2).every(({ approver }) => approver.email === "busy@x.org")).toBe(true);
    await b.answer("a", 1, "approve");
    await b.answer("a", 2, "approve");
    expect(await b.value("a")).toMatchObject({ outcome: "approved" });
    expect(b.mails).toHaveLength(10);
  });

  it("gives up a mail when no answer to a further try would come before the deadline", async () => {
    const b = open(() => ({ status: "deferred", reason: "greylisted" }));
    await b.ask("a", { approvers: ["a@x.org"] }, 5_000);
    expect(await b.value(childId("a", 2))).toMatchObject({
      delivery: { status: "undeliverable", reason: "greylisted" },
    });
    // The answer still counts: the link may have reached them by another way.
    await b.answer("a", 1, "approve");
    expect(await b.value("a")).toMatchObject({ outcome: "approved" });
  });

  it("mails the same id again, in a new data folder under the same keys, as another mail", async () => {
    const born: number[] = [];
    for (const _ of ["the first folder", "a new one"]) {
      const b = open();
      await b.ask("a", { approvers: ["a@x.org"] });
      await until(() => b.mails.length === 1);
      expect(b.mails[0]?.bornAtMs).toBe((await b.read(ballotId("a", 1))).createdAt);
      born.push(b.mails[0]?.bornAtMs as number);
      await b.close();
      await nextMillisecond();
    }
    expect(new Set(born).size).toBe(2);
  });

  it("is rejected at once when its argument is no request", async () => {
    const b = open();
    await b.create("a", "approval", [{ title: 1 }], 60_000);
    expect(await b.value("a")).toMatchObject({ message: expect.stringMatching(/not an approval request/) });
  });
});

describe("requestApproval", () => {
  const order = { item: "laptops", amount: 3, buyer: "kim@x.org", approvers: ["ana@x.org"] };

  it.each([
    ["approve", { status: "ordered", because: "approved", reference: "order-p:3" }],
    ["reject", { status: "dropped", because: "rejected", reference: "released-hold-p:0" }],
  ] as const)("lets a workflow go on when the approver chooses to %s", async (choice, result) => {
    const b = open();
    await b.create("p", "purchase", [order], 30 * DAY_MS);
    await until(() => b.mails.length === 1);
    expect(b.mails[0]).toMatchObject({ approval: "p:2", request: { title: "Buy laptops" } });
    await b.answer("p:2", 1, choice);
    expect(await b.value("p")).toEqual(result);
  });

  it("refuses a deadline that its workflow would not live to see", async () => {
    const b = open();
    await b.create("p", "purchase", [order], DAY_MS);
    expect(await b.value("p")).toMatchObject({
      message: expect.stringMatching(/deadline must be at least a day before its workflow's own end/),
    });
  });

  it("ends at the new deadline when the deadline was moved", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org"] });
    await until(() => b.mails.length === 1);
    const untilMs = Date.now() + 1_000;
    await b.settle(endId("a"), { kind: "extended", untilMs, door: "api", nonce: "e1" });
    expect(await b.value("a")).toMatchObject({ outcome: "expired" });
    expect(Date.now()).toBeGreaterThanOrEqual(untilMs);
  });

  it("asks everybody again when the question was changed, and counts only the answers to the new one", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org", "b@x.org"], require: "all", rounds: 2 });
    await until(() => b.mails.length === 2);
    await b.answer("a", 1, "approve");
    const content = { title: "Order fewer", details: [] };
    await b.settle(endId("a"), { kind: "changed", content, note: "Too many", door: "api", nonce: "c1" });
    await until(() => b.mails.filter(({ request }) => request.title === "Order fewer").length === 2);
    for (const { n, request } of b.mails)
      if (request.title === "Order fewer") await b.answer("a", n, "approve");
    const outcome = (await b.value("a")) as Outcome;
    expect(outcome).toMatchObject({ outcome: "approved", round: 2 });
    expect(outcome.decisions.map(({ n }) => n)).not.toContain(1);
  });

  it("keeps the judgement by which a changed question goes on, although a veto came after the change", async () => {
    const b = open();
    await b.ask("a", { approvers: ["a@x.org"], rounds: 2 });
    await until(() => b.mails.length === 1);
    await b.stopWorker();
    const content = { title: "Order fewer", details: [] };
    await b.settle(endId("a"), { kind: "changed", content, door: "api", nonce: "c1" });
    await nextMillisecond();
    await b.answer("a", 1, "reject");
    b.restartWorker();
    await until(() => b.mails.length === 2);
    // The end, the ballot and its mail come before it.
    expect(await b.value(childId("a", 3))).toMatchObject({ kind: "judgement", state: { round: 2 } });
    await b.answer("a", b.mails[1]!.n, "approve");
    expect(await b.value("a")).toMatchObject({ outcome: "approved", round: 2 });
  });

  it("mails nobody once the end has come", async () => {
    const b = open();
    await b.stopWorker();
    await b.ask("a", { approvers: ["a@x.org"] }, 1);
    await nextMillisecond();
    b.restartWorker();
    expect(await b.value("a")).toMatchObject({ outcome: "expired" });
    expect(b.mails).toHaveLength(0);
  });

  it("names every field that is wrong", async () => {
    const b = open();
    await b.create("p", "purchase", [{ ...order, item: "", approvers: [] }], DAY_MS);
    expect(await b.value("p")).toMatchObject({
      message: expect.stringMatching(/Cannot request an approval: .*approvers/),
    });
  });
});

async function nextMillisecond(): Promise<void> {
  const started = Date.now();
  await until(() => Date.now() > started + 1);
}

const DAY_MS = 24 * 3_600_000;

/** A network to the engine under test, another at each start, and how to begin deliveries on it. */
interface Host {
  network(): Network;
  begin(network: Network): void;
  close(): Promise<void>;
}

function embedded(): Host {
  const engine = openEngine({ file: ":memory:" });
  return {
    network: () => engine.network({ group: "worker" }),
    begin: (network) => (network as EngineNetwork).start(),
    close: () => engine.close(),
  };
}

/** Like some servers, the SDK's own engine arms no deadline but those of promises with a target. */
function underArming(): Host {
  const network = new LocalNetwork({ pid: "test", group: "worker" });
  return { network: () => network, begin: () => {}, close: async () => {} };
}

class Rig {
  readonly mails: RequestMail[] = [];
  /** Mails that ask for nothing. */
  readonly told: Mail[] = [];
  readonly #host: Host;
  readonly #deliver: (mail: RequestMail) => Delivery;
  #network: Network;
  #worker: Worker;

  constructor(deliver: (mail: RequestMail) => Delivery, host: Host) {
    this.#host = host;
    this.#deliver = deliver;
    this.#network = host.network();
    this.#worker = this.#start();
  }

  #start(): Worker {
    const network = this.#network;
    freezeSharedValues();
    const worker = startWorker({
      network,
      sharesValues: true,
      pid: "test",
      leaseMs: 60_000,
      concurrency: 10,
      log: pino({ level: "silent" }),
      workflows: WORKFLOWS,
      services: {
        mailer: mailerOf(
          async (mail) => {
            this.mails.push(mail);
            return this.#deliver(mail);
          },
          undefined,
          (mail) => this.told.push(mail),
        ),
        callbacks: NO_CALLBACKS,
        tokens: createLinkTokens({
          keys: [{ kid: "k1", secret: Buffer.alloc(32, 7) }],
          issuer: "http://127.0.0.1:5001",
        }),
        publicUrl: "http://127.0.0.1:5001",
        group: "worker",
      },
    });
    this.#host.begin(network);
    return worker;
  }

  stopWorker(): Promise<void> {
    return this.#worker.stop(1000);
  }

  restartWorker(): void {
    this.#network = this.#host.network();
    this.#worker = this.#start();
  }

  async close(): Promise<void> {
    await this.stopWorker();
    await this.#host.close();
  }

  async find(id: string): Promise<PromiseRecord | undefined> {
    const response = await this.#network.send({ kind: "promise.get", head: head(), data: { id } });
    return response.head.status === 200 ? (response.data as { promise: PromiseRecord }).promise : undefined;
  }

  async read(id: string): Promise<PromiseRecord> {
    await until(async () => (await this.find(id)) !== undefined);
    return (await this.find(id)) as PromiseRecord;
  }

  async settled(id: string): Promise<PromiseRecord> {
    await until(async () => (await this.read(id)).state !== "pending");
    return await this.read(id);
  }

  async value(id: string): Promise<unknown> {
    return codec.decode(stepRecord(await this.settled(id)).value);
  }

  async create(id: string, func: string, args: unknown[], timeoutMs: number, version = 1): Promise<void> {
    await this.#network.send({
      kind: "promise.create",
      head: head(),
      data: {
        id,
        timeoutAt: Date.now() + timeoutMs,
        param: codec.encode({ func, args, version }),
        tags: {
          "resonate:origin": id,
          "resonate:branch": id,
          "resonate:parent": id,
          "resonate:scope": "global",
          "resonate:target": "poll://any@worker",
          // As POST /approvals does; called by its name alone, it is refused.
          ...(func === "approval" ? { [KIND_TAG]: "approval" } : {}),
        },
      },
    });
  }

  async settle(id: string, value: unknown): Promise<void> {
    await this.#network.send({
      kind: "promise.settle",
      head: head(),
      data: { id, state: "resolved", value: codec.encode(value) },
    });
  }

  async ask(id: string, request: Record<string, unknown>, deadlineMs = DAY_MS): Promise<void> {
    const parsed = parseApprovalRequest(
      { title: "Order", ...request },
      { nowMs: Date.now(), callbackUrlProblem },
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const terms = { ...parsed.terms, deadlineAtMs: parsed.terms.startedAtMs + deadlineMs };
    const { args, version, timeoutAt } = approvalCall(parsed.value, terms);
    await this.create(id, "approval", [...args], timeoutAt - Date.now(), version);
  }

  /** As a schedule starts it: without terms. */
  async schedule(id: string, request: Record<string, unknown>): Promise<void> {
    const parsed = parseApprovalRequest(
      { title: "Order", deadline: "P5D", ...request },
      { nowMs: Date.now(), callbackUrlProblem },
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { args, version } = approvalCall(parsed.value, parsed.terms);
    await this.create(id, "approval", args.slice(0, 1), 6 * DAY_MS, version);
  }

  /** Somebody is away from now on. */
  async away(person: string, to: string): Promise<void> {
    const durable = createDurable(this.#host.network());
    const absences = openAbsenceBook((id) => durable.read(id));
    await addAbsence(
      { durable, absences, clock: Date.now },
      { person, to, until: "P9D" },
      { door: "api", nonce: crypto.randomUUID() },
    );
  }

  async answer(approval: string, n: number, choice: PlainChoice, comment?: string): Promise<void> {
    const id = ballotId(approval, n);
    const { approver } = codec.decode((await this.read(id)).param) as Ballot;
    const decision: Decision = {
      kind: "decision",
      choice,
      ...(comment === undefined ? {} : { comment }),
      by: approver.email,
      door: "mail",
      nonce: crypto.randomUUID(),
    };
    await this.settle(id, decision);
  }
}

function open(deliver: (mail: RequestMail) => Delivery = () => SENT, host: Host = embedded()): Rig {
  rig = new Rig(deliver, host);
  return rig;
}

const SENT: Delivery = { status: "sent", messageId: "<m@x>" };

function head() {
  return { corrId: crypto.randomUUID(), version: "2026-04-01" };
}

async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 5));
}

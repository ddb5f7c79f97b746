/**
 * An approval small enough to try every order of what happens to it. The rules are the product's own functions (`judge`,
 * `readQuestion`, `cancelApproval`, `summarize`); the engine is a map, whose clock stands still until a tick is chosen.
 */
import type { Context, PromiseRecord, Value } from "@resonatehq/sdk";
import type {
  ApprovalRequest,
  Ballot,
  CountedDecision,
  Decision,
  JudgementV1,
  Outcome,
  PlainChoice,
} from "../../src/approval/approval.ts";
import { ballotId, childId, endId } from "../../src/approval/ids.ts";
import { decide } from "../../src/approval/policy.ts";
import { APPROVAL_SLACK_MS, parseApprovalRequest } from "../../src/approval/request.ts";
import { outcomeOf } from "../../src/approval/stored.ts";
import { storedCallbackOf } from "../../src/approval/stored-callback.ts";
import { summarize } from "../../src/approval/view.ts";
import type { Durable, StoredPromise } from "../../src/durable/durable.ts";
import { stored } from "../../src/durable/protocol-client.ts";
import { encodeValue } from "../../src/durable/value.ts";
import { ServiceError } from "../../src/lib/errors.ts";
import { cancelApproval } from "../../src/service/approvals/cancel.ts";
import { readQuestion } from "../../src/service/approvals/question.ts";
import type { ProductServices } from "../../worker/runtime/services.ts";
import { isOver, type JudgeInput, judge } from "../../worker/workflows/approval-1/judge.ts";
import type { Turn, World } from "./interleavings.ts";

export interface Scenario {
  /** The request's fields that matter; titles and the like are added. */
  readonly request: Readonly<Record<string, unknown>> & { readonly approvers: readonly string[] };
  /** One press for each, on the ballot of this number. */
  readonly presses: readonly (readonly [n: number, choice: PlainChoice])[];
  readonly cancel?: boolean;
  /** The deadline may come at any moment. Without it, the presses must decide. */
  readonly deadline?: boolean;
  /** How often the clock goes on, by a millisecond, at any moment. */
  readonly ticks?: number;
  /** People who look at a page without pressing: the numbers of their ballots. */
  readonly lookers?: readonly number[];
  /** A worker that dies after so many requests, beside the one that lives. */
  readonly dyingAfter?: number;
  /** Nobody is told by callbacks: then only what ends the approval is judged. */
  readonly unheard?: boolean;
  /** In the place of the product's, to show that it would be found out. */
  readonly judge?: typeof judge;
}

const ID = "po-1";
const END = endId(ID);
const DEADLINE_MS = 1_000;

/** Makes worlds in which a scenario begins. */
export function approvalWorlds(scenario: Scenario): () => World {
  const request = parsed(scenario.request);
  const records = recordsOf(request);
  return () => approvalWorld(scenario, request, new ModelEngine(records, scenario.unheard !== true));
}

function approvalWorld(scenario: Scenario, request: ApprovalRequest, engine: ModelEngine): World {
  const ballotIds = request.approvers.map((_, i) => ballotId(ID, i + 1));
  /** What somebody was told, and what is wrong with it in the end. */
  const claims: ((outcome: Outcome) => string | undefined)[] = [];

  const claimStanding = async (who: string, durable: Durable, n: number, nonce?: string): Promise<void> => {
    const question = await readQuestion(durable, ballotId(ID, n));
    const standing = question?.standing;
    if (standing === undefined || standing.kind === "open") {
      if (nonce !== undefined) claims.push(() => `${who} pressed and was told that the question is open`);
      return;
    }
    const told = standing.kind === "decided" ? standing.decision : undefined;
    claims.push((outcome) => {
      const counted = outcome.decisions.find((decision) => decision.n === n);
      if (told?.choice !== counted?.choice && (told !== undefined || nonce !== undefined)) {
        return `${who} was told ${told?.choice ?? `no answer, ${JSON.stringify(standing)}`}, and ${counted?.choice ?? "none"} counts`;
      }
      if (standing.outcome !== undefined && standing.outcome !== outcome.outcome) {
        return `${who} was told that it ended as ${standing.outcome}, and it ended as ${outcome.outcome}`;
      }
      if (standing.kind === "closed" && !["closing", "expired", outcome.outcome].includes(standing.because)) {
        return `${who} was told that it is closed as ${standing.because}, and it ended as ${outcome.outcome}`;
      }
      return undefined;
    });
  };

  const programs: Record<string, (turn: Turn) => Promise<void>> = {
    worker: (turn) => work(engine, turn, request, ballotIds, scenario.judge ?? judge),
  };
  if (scenario.dyingAfter !== undefined) {
    const limit = scenario.dyingAfter;
    programs["dying worker"] = (turn) =>
      Promise.race([
        work(engine, mortal(turn, limit), request, ballotIds, scenario.judge ?? judge),
        engine.deathOfMortal,
      ]);
  }
  for (const [i, [n, choice]] of scenario.presses.entries()) {
    const who = `press ${i + 1} to ${choice} ballot ${n}`;
    programs[who] = async (turn) => {
      const durable = engine.durable(turn);
      const nonce = `nonce-${i}`;
      const by = request.approvers[n - 1]?.email ?? "";
      const decision: Decision = { kind: "decision", choice, by, door: "mail", nonce };
      // The page was opened while all was open.
      await durable.settle(ballotId(ID, n), decision);
      await claimStanding(who, durable, n, nonce);
    };
  }
  for (const n of scenario.lookers ?? []) {
    programs[`look at ballot ${n}`] = (turn) => claimStanding(`look at ballot ${n}`, engine.durable(turn), n);
  }
  if (scenario.cancel === true) {
    programs["cancel"] = async (turn) => {
      const options = {
        durable: engine.durable(turn),
        signal: new AbortController().signal,
      };
      const root = engine.stored(ID);
      const told = await cancelApproval(
        options,
        { root, request },
        { reason: "not needed", door: "api", nonce: "cancel" },
      ).then(
        (cancelled) => outcomeOf(cancelled.root)?.outcome,
        (error: unknown) => {
          if (!(error instanceof ServiceError)) throw error;
          return / as (\w+)$/u.exec(error.message)?.[1];
        },
      );
      if (told !== undefined) {
        claims.push((outcome) =>
          told === outcome.outcome
            ? undefined
            : `who cancelled was told ${told}, and it is ${outcome.outcome}`,
        );
      }
    };
  }
  if (scenario.deadline === true) {
    programs["deadline"] = (turn) =>
      turn({ writes: [END, ...ballotIds, CLOCK] }, () => engine.pass(DEADLINE_MS - engine.nowMs));
  }
  for (let tick = 1; tick <= (scenario.ticks ?? 0); tick++) {
    // After the deadline a tick ends ballots.
    const writes = scenario.deadline === true ? [CLOCK, ...ballotIds] : [CLOCK];
    programs[`tick ${tick}`] = (turn) => turn({ writes }, () => engine.pass(1));
  }

  return {
    programs,
    // The approval's children are all there: what is not will not be.
    isFinal: (thing) => thing !== CLOCK && (!engine.has(thing) || engine.stored(thing).state !== "pending"),
    lies() {
      const outcome = outcomeOf(engine.stored(ID));
      if (outcome === undefined) return ["the approval has no outcome"];
      return [
        ...claims.flatMap((claim) => claim(outcome) ?? []),
        ...inconsistencies(request, outcome, engine),
      ];
    },
  };
}

/** Everything in which the outcome, the stored answers, the API and the callbacks do not say one thing. */
function inconsistencies(request: ApprovalRequest, outcome: Outcome, engine: ModelEngine): string[] {
  const lies: string[] = [];
  const byRule = decide(request, outcome.decisions, { kind: "deadline" });
  const byVotes = decide(request, outcome.decisions, { kind: "open" });
  if (byVotes.kind === "done" ? byVotes.outcome !== outcome.outcome : byRule.kind === "wait") {
    lies.push(`the outcome is ${outcome.outcome}, and its decisions say ${JSON.stringify(byVotes)}`);
  }
  const mayRejectAlone = request.onDeadline === "reject";
  const needsVotes = outcome.outcome === "approved" || (outcome.outcome === "rejected" && !mayRejectAlone);
  if (byVotes.kind === "wait" && needsVotes) {
    lies.push(`the outcome is ${outcome.outcome}, and nothing decided it`);
  }
  const told = engine.events();
  const decided = told.flatMap(({ type, data }) =>
    type === "ballot.decided" ? [`${data.ballot} ${data.choice}`] : [],
  );
  const counted = outcome.decisions.map(({ n, choice }) => `${n} ${choice}`);
  if (engine.isHeard && decided.toSorted().join() !== counted.toSorted().join()) {
    lies.push(`callbacks tell of the answers ${decided.join()}, and ${counted.join()} count`);
  }
  const ends = told
    .filter(({ type }) => type.startsWith("approval."))
    .map(({ data, type }) => ("outcome" in data ? data.outcome : type));
  if (engine.isHeard && ends.join() !== outcome.outcome)
    lies.push(`callbacks tell of the ends ${ends.join()}`);
  const children = [END, ...request.approvers.map((_, i) => ballotId(ID, i + 1))].map((id) =>
    engine.stored(id),
  );
  const view = summarize(engine.stored(ID), children);
  if (view?.status !== outcome.outcome) lies.push(`the API says ${view?.status}`);
  const shown = view?.ballots.flatMap(({ n, state }) =>
    state === "approved" ? [`${n} approve`] : state === "rejected" ? [`${n} reject`] : [],
  );
  if (shown?.join() !== counted.join()) lies.push(`the API shows the answers ${shown?.join()}`);
  if (view?.ballots.some(({ state }) => state === "open")) lies.push("a ballot is open after the end");
  return lies;
}

/** What the workflow does with its promises: look at each, judge if there is news, wait if there is none. */
async function work(
  engine: ModelEngine,
  turn: Turn,
  request: ApprovalRequest,
  ballotIds: readonly string[],
  judging: typeof judge,
): Promise<void> {
  /** What the pass was told, as the worker remembers it. */
  const told = new Map<string, PromiseRecord>();
  const ctx = { getDependency: () => engine.services(turn, told) } as unknown as Context;
  // Engines hand over what they have at different moments, so each promise is looked at by itself.
  const look = async (id: string) => {
    const record = await turn({ reads: [id] }, () => engine.record(id));
    told.set(id, record);
    const { state, value } = stored(record);
    if (state === "pending") return { id, settled: false };
    return state === "resolved" ? { id, settled: true, value } : { id, settled: true };
  };
  let known = 0;
  let before: readonly CountedDecision[] = [];
  for (;;) {
    const all = [END, ...ballotIds];
    await turn(
      { reads: all },
      () => {},
      () => all.filter((id) => engine.stored(id).state !== "pending").length > known,
    );
    const end = await look(END);
    const ballots: JudgeInput["ballots"][number][] = [];
    for (const id of ballotIds) ballots.push(await look(id));
    if (!engine.isHeard && !isOver({ request, end, ballots })) {
      // The workflow suspends until more is settled than it saw.
      known = [end, ...ballots].filter(({ settled }) => settled).length;
      continue;
    }
    const seen: JudgementV1 = await judging(ctx, {
      approval: ID,
      request,
      end,
      ballots,
      retry: undefined,
      before,
    });
    if (seen.verdict.kind === "done") {
      const { outcome, reason } = seen.verdict;
      const result: Outcome = { approval: ID, outcome, reason, decisions: seen.decisions, metadata: {} };
      await turn({ reads: [CLOCK], writes: [ID] }, () => engine.settle(ID, encodeValue(result)));
      return;
    }
    known = seen.settled;
    before = seen.decisions;
  }
}

/** Turns that are never granted once there were so many: the process is dead. */
function mortal(turn: Turn, limit: number): Turn {
  let left = limit;
  return async (touches, act, isPossible) => {
    if (left-- <= 0) return await new Promise<never>(() => {});
    return await turn(touches, act, isPossible);
  };
}

const CLOCK = "clock";

/** What the engine holds of an approval whose mails have gone out. */
function recordsOf(request: ApprovalRequest): PromiseRecord[] {
  const call = { func: "approval", args: [request], version: 1 };
  return [
    pending(ID, encodeValue(call), { "countersign:kind": "approval" }, DEADLINE_MS + APPROVAL_SLACK_MS),
    pending(END, {}, { "countersign:kind": "end", "resonate:timer": "true" }, DEADLINE_MS),
    ...request.approvers.map((approver, i) => {
      const n = i + 1;
      const ballot: Ballot = { kind: "ballot", approval: ID, n, approver, recipient: `r${n}`, gen: 0 };
      // As they are created one after the other, their times are over one after the other.
      return pending(ballotId(ID, n), encodeValue(ballot), { "countersign:kind": "ballot" }, DEADLINE_MS + n);
    }),
  ];
}

function pending(id: string, param: Value, tags: Record<string, string>, timeoutAt: number): PromiseRecord {
  return { id, state: "pending", param, value: {}, tags, createdAt: 0, timeoutAt };
}

class ModelEngine {
  nowMs = 0;
  /** Whether callbacks tell of what happens. */
  readonly isHeard: boolean;
  /** A worker that dies ends nothing that anybody would wait for. */
  readonly deathOfMortal = Promise.resolve();
  readonly #records: Map<string, PromiseRecord>;

  constructor(records: readonly PromiseRecord[], isHeard: boolean) {
    this.isHeard = isHeard;
    this.#records = new Map(records.map((record) => [record.id, record]));
  }

  record(id: string): PromiseRecord {
    return this.#records.get(id) as PromiseRecord;
  }

  stored(id: string): StoredPromise {
    return stored(this.record(id));
  }

  settle(id: string, value: Value): PromiseRecord {
    const record = this.#records.get(id) as PromiseRecord;
    if (record.state !== "pending") return record;
    const settled: PromiseRecord = { ...record, state: "resolved", value, settledAt: this.nowMs };
    this.#records.set(id, settled);
    return settled;
  }

  /** Lets time pass; what is over then is over. */
  pass(ms: number): void {
    this.nowMs += ms;
    for (const [id, record] of this.#records) {
      if (record.state !== "pending" || record.timeoutAt > this.nowMs) continue;
      const isTimer = record.tags["resonate:timer"] === "true";
      const state = isTimer ? "resolved" : "rejected_timedout";
      this.#records.set(id, { ...record, state, settledAt: record.timeoutAt });
    }
  }

  services(turn: Turn, told: ReadonlyMap<string, PromiseRecord>): ProductServices {
    const promises = {
      get: (id: string) => turn({ reads: [id] }, () => this.#records.get(id)),
      resolve: (id: string, value: Value) =>
        turn({ reads: [CLOCK], writes: [id] }, () => this.settle(id, value)),
      // Callbacks touch nothing of the approval, so their moment makes no difference.
      create: async (
        id: string,
        timeoutAt: number,
        { data, tags }: { data: string; tags: Record<string, string> },
      ) => {
        if (!this.#records.has(id)) this.#records.set(id, pending(id, { data }, tags, timeoutAt));
      },
    };
    const callbacks = { endpointsFor: () => (this.isHeard ? [{ kind: "endpoint", name: "all" }] : []) };
    return {
      promises,
      callbacks,
      mailer: {},
      told: (_workflow: string, id: string) => told.get(id),
      group: "worker",
      now: () => this.nowMs,
    } as unknown as ProductServices;
  }

  has(id: string): boolean {
    return this.#records.has(id);
  }

  durable(turn: Turn): Durable {
    const read = (id: string) =>
      turn({ reads: [id] }, () => (this.#records.has(id) ? this.stored(id) : undefined));
    const durable: Pick<Durable, "read" | "readTogether" | "children" | "settle" | "waitFor"> = {
      read,
      // In one turn, as the engine reads what is asked for together.
      children: (id) => {
        const ids: string[] = [];
        while (this.has(childId(id, ids.length))) ids.push(childId(id, ids.length));
        return turn({ reads: ids }, () => ids.map((child) => this.stored(child)));
      },
      readTogether: async (first, rest) => [await read(first), ...(await Promise.all(rest.map(read)))],
      settle: (id, value) =>
        turn({ reads: [CLOCK], writes: [id] }, () => stored(this.settle(id, encodeValue(value)))),
      // As long as a caller waits: not at all.
      waitFor: (id) => read(id),
    };
    return durable as Durable;
  }

  events() {
    return [...this.#records.values()].flatMap((record) => {
      const callback = storedCallbackOf(stored(record));
      return callback?.kind === "callback" ? [callback.event] : [];
    });
  }
}

function parsed(fields: Scenario["request"]): ApprovalRequest {
  const input = parseApprovalRequest(
    { title: "Order", ...fields },
    { nowMs: 0, callbackUrlProblem: () => undefined },
  );
  if (!input.ok) throw new Error(JSON.stringify(input.problems));
  return input.value;
}

import { deepStrictEqual } from "node:assert";
import type { Message } from "../../src/protocol/records.ts";
import { guardHistory, invariantCheck } from "../support/engine-invariants.ts";
import { type Envelope, request } from "../support/engine-requests.ts";
import { World } from "../support/engine-world.ts";
import {
  comparable,
  delayImitation,
  endExternal,
  imitateLineage,
  isComparable,
  isTimerId,
  touchOverdueAwaiters,
  withChildren,
} from "./differences.ts";
import {
  type AnyTask,
  byId,
  type Json,
  Oracle,
  type OracleAnswer,
  type OracleMessage,
  taskRecord,
} from "./oracle.ts";
import { engineState, oracleState } from "./state.ts";

/** One request, made of both servers at a time of which the clock has been heard, or has not. */
export interface Step {
  readonly at: number;
  readonly isHeard: boolean;
  readonly envelope: Envelope;
}

/**
 * The engine and the oracle, given the same requests at the same times. After each, the answers, the messages and all
 * that is stored must be the same, and every invariant must hold of the engine's file.
 */
export class Comparison {
  readonly oracle = new Oracle();
  /** How often each kind was answered how, and each message sent. */
  readonly seen = new Map<string, number>();
  /** Requests made of both servers, and looks at everything that is stored. */
  readonly counts = { requests: 0, states: 0, invariants: 0 };
  readonly #world: World;
  readonly #state: () => readonly string[];
  readonly #broken: () => object;
  readonly #imitateDelays: (oracle: Oracle) => ReadonlySet<unknown>;
  readonly #writes: () => number;
  #known: { readonly writes: number; readonly state: readonly string[] } | undefined;

  constructor(world: World = new World()) {
    this.#world = world;
    guardHistory(world.db);
    this.#state = engineState(world.db);
    this.#broken = invariantCheck(world.db);
    this.#imitateDelays = delayImitation(world.db);
    const writes = world.db.prepare("SELECT total_changes() AS writes");
    this.#writes = () => Number(writes.get()?.["writes"]);
  }

  /** Both begin anew, with nothing stored. */
  reset(): void {
    for (const kind of ["debug.reset", "debug.stop", "debug.start"]) this.#request(0, request(kind, {}));
  }

  /** Throws where the servers differ. What they mean to do differently is passed over. */
  step({ at, isHeard, envelope }: Step): void {
    if (isHeard) this.#tick(at);
    else touchOverdueAwaiters(this.oracle, this.#world, at);
    if (!isComparable(this.oracle, envelope)) return;
    const { kind, data } = envelope;
    if (kind.endsWith(".search")) this.#search(at, kind, data);
    else if (kind === "debug.snap") this.#snap(at, envelope);
    else this.#request(at, envelope);
  }

  close(): void {
    this.#world.close();
  }

  #request(now: number, envelope: Envelope): void {
    const isNew = this.oracle.get(subjectOf(envelope)) === undefined;
    const theirs = this.oracle.step(now, envelope);
    const ours = this.#ask(now, envelope);
    const about = JSON.stringify(envelope);
    same(ours.status, theirs.status, `status of ${about}`);
    if (ours.status < 400) {
      const expected = this.#expected(envelope, theirs, isNew);
      same(answer(ours.data), expected, `answer to ${about}`);
      const messages = this.#comparable(theirs.messages);
      same(sorted(ours.messages), sorted(messages), `messages of ${about}`);
      for (const { message } of ours.messages) this.#count(message.kind);
    }
    this.#compareStates(now);
  }

  #tick(now: number): void {
    const theirs = this.oracle.tick(now);
    imitateLineage(this.oracle);
    theirs.push(...endExternal(this.oracle, now));
    const { messages: ours } = this.#ask(now, request("debug.tick", { time: now }));
    const expected = sorted(lastOfEach(this.#comparable(theirs)));
    same(sorted(ours), expected, `messages of the clock at ${now}`);
    for (const { message } of ours) this.#count(`${message.kind} by clock`);
    this.#compareStates(now);
  }

  /** Pages through all that is found, and compares it with all that the oracle has. */
  #search(now: number, kind: string, query: Json): void {
    const [part, state, tags] = [`${kind.split(".")[0]}s`, query["state"], query["tags"] ?? {}];
    const records = {
      promises: () => this.oracle.promisesAt(now),
      tasks: () => this.oracle.tasks(),
      schedules: () => this.oracle.schedules(),
    }[part];
    const expected = records?.().filter((record) => {
      const own = (record["tags"] ?? record["promiseTags"] ?? {}) as Json;
      const isTagged = Object.entries(tags).every(([tag, value]) => own[tag] === value);
      return isTagged && (state === undefined || record["state"] === state);
    });
    const found: Json[] = [];
    for (let cursor = query["cursor"], isMore = true; isMore; isMore = cursor !== undefined) {
      const page = this.#ask(now, request(kind, { ...query, ...(cursor !== undefined && { cursor }) }));
      found.push(...(page.data[part] as Json[]));
      cursor = page.data["cursor"];
    }
    const isWithin = ({ id }: Json) => (id as string) > ((query["cursor"] as string | undefined) ?? "");
    same(found, expected?.filter(isWithin), `${kind} ${JSON.stringify(query)}`);
    this.#compareStates(now);
  }

  #snap(now: number, envelope: Envelope): void {
    const ours = this.#ask(now, envelope).data;
    const theirs = this.oracle.step(now, envelope).data as Record<string, Json[]>;
    const hasTarget = ({ id }: Json) => this.oracle.get(id as string)?.tags["resonate:target"] !== undefined;
    const isOwn = ({ id, type }: Json) => type === 1 || !isTimerId(this.oracle, id);
    const { messages: _, ...rest } = ours;
    same(
      { ...rest, promiseTimeouts: (ours["promiseTimeouts"] as Json[]).filter(hasTarget) },
      {
        promises: sorted(theirs["promises"], ["id"]),
        promiseTimeouts: sorted(theirs["promiseTimeouts"], ["id"]),
        callbacks: sorted(theirs["callbacks"], ["awaited", "awaiter"]),
        listeners: sorted(theirs["listeners"], ["id", "address"]),
        tasks: this.oracle.tasks(),
        taskTimeouts: sorted(theirs["taskTimeouts"]?.filter(isOwn), ["id"]),
      },
      `snapshot at ${now}`,
    );
  }

  #ask(now: number, envelope: Envelope): ReturnType<World["step"]> {
    const answered = this.#world.step(now, envelope);
    this.counts.requests += 1;
    this.#count(`${envelope.kind} ${answered.status}`);
    for (const { message } of answered.messages) this.#checkMessage(message);
    return answered;
  }

  /** No worker is sent to a workflow that has ended, or with a version that it does not have. */
  #checkMessage({ kind, data }: Message): void {
    if (kind !== "execute") return;
    const { id, version } = data.task;
    const { store } = this.#world;
    const actual = { promise: store.view.promise(id)?.state, task: store.view.task(id) };
    if (actual.promise !== "pending" || actual.task?.state !== "pending" || actual.task.version !== version) {
      throw new Error(`A worker is sent to ${id} at version ${version}, which is ${JSON.stringify(actual)}`);
    }
  }

  /** Those of the oracle's messages that ours sends, too. */
  #comparable(messages: readonly OracleMessage[]): OracleMessage[] {
    const delayed = this.#imitateDelays(this.oracle);
    if (delayed.size > 0) this.#count("kept back");
    return comparable(this.oracle, messages, delayed);
  }

  /** What the oracle said, as ours says it. */
  #expected(envelope: Envelope, theirs: OracleAnswer, isNew: boolean): Json {
    const expected = answer(theirs.data);
    const { preload, promise } = expected as { preload?: Json[]; promise?: Json };
    if (preload === undefined || envelope.kind === "task.fence") return expected;
    // What is born settled will not be run.
    if (isNew && promise?.["state"] !== "pending") return expected;
    return { ...expected, preload: withChildren(this.oracle, preload, subjectOf(envelope)) };
  }

  #compareStates(now: number): void {
    const writes = this.#writes();
    if (this.#known?.writes !== writes) {
      this.#known = { writes, state: this.#state() };
      same(this.#broken(), {}, `invariants at ${now}`);
      this.counts.invariants += 1;
    }
    this.counts.states += 1;
    sameLines(this.#known.state, oracleState(this.oracle), `state at ${now}`);
  }

  #count(event: string): void {
    this.seen.set(event, (this.seen.get(event) ?? 0) + 1);
  }
}

/** Compares line by line, which is quicker than as JSON. */
function sameLines(ours: readonly string[], theirs: readonly string[], what: string): void {
  if (ours.length === theirs.length && ours.every((line, i) => line === theirs[i])) return;
  same(ours, theirs, what);
}

/** Compares as JSON, which is quick; only what looks different is looked at closely. */
function same(ours: unknown, theirs: unknown, what: string): void {
  const [a, b] = [JSON.stringify(ours), JSON.stringify(theirs)];
  if (a === b) return;
  try {
    deepStrictEqual(JSON.parse(a), JSON.parse(b));
  } catch (cause) {
    throw new Error(`${what}: ours (+) and the oracle's (-) differ\n${String(cause)}`, { cause });
  }
}

/** The promise that the request is about. */
function subjectOf({ data }: Envelope): string {
  const action = data["action"] as { data: { id: string } } | undefined;
  return (data["id"] as string | undefined) ?? action?.data.id ?? "";
}

/** An answer in a form that both can have: resumes as a number, preload in order of id, no corrId. */
function answer(data: Json): Json {
  const { action, preload, task, ...rest } = data;
  const inner = action as { kind: string; head: { status: number }; data: unknown } | undefined;
  const isRefused = inner !== undefined && inner.head.status >= 400;
  return {
    ...rest,
    ...(task !== undefined && { task: taskRecord(task as unknown as AnyTask) }),
    ...(inner !== undefined && {
      action: { kind: inner.kind, status: inner.head.status, data: isRefused ? "" : inner.data },
    }),
    ...(preload !== undefined && { preload: byId(preload as (Json & { id: string })[]) }),
  };
}

/** One execute a task: a later one takes the place of an earlier one. */
function lastOfEach(messages: readonly OracleMessage[]): OracleMessage[] {
  const keyed = new Map<string, OracleMessage>();
  for (const { address, message } of messages) {
    const { task, promise } = message.data;
    const about = JSON.stringify(task?.["id"] ?? promise?.["id"]);
    keyed.set(`${message.kind} ${about} ${address}`, { address, message });
  }
  return [...keyed.values()];
}

function sorted<T>(items: readonly T[] = [], keys?: readonly (keyof T)[]): T[] {
  const key = (item: T): string => JSON.stringify(keys === undefined ? item : keys.map((each) => item[each]));
  return items.length < 2 ? [...items] : [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

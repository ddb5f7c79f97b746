import { deepStrictEqual } from "node:assert";
import { brokenInvariants } from "../support/engine-invariants.ts";
import { type Envelope, request } from "../support/engine-requests.ts";
import { World } from "../support/engine-world.ts";
import type { Random } from "../support/seeds.ts";
import { comparable, imitateDelays, isTimerId } from "./differences.ts";
import { nextOperation, nextPause } from "./operations.ts";
import { Oracle, type OracleMessage } from "./oracle.ts";

type Json = Record<string, unknown>;

/** The engine and the oracle, given the same requests at the same times, compared after each. */
export class Comparison {
  readonly oracle = new Oracle();
  readonly world = new World();
  readonly #random: Random;
  #now = 1_000_000;
  /** How often each kind was answered how, and each message sent. */
  readonly seen = new Map<string, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Lets some time pass, with or without the clock being heard, and makes one request of both. */
  step(): void {
    this.#now += nextPause(this.#random);
    if (this.#random.chance(0.7)) this.#tick();
    else this.#touchOverdueAwaiters();
    this.#request(nextOperation(this.#random, this.oracle, this.#now));
    this.#compareSearch();
    this.#compareSnapshots();
  }

  /** What must hold at any time holds at the end, too. */
  close(): void {
    deepStrictEqual(brokenInvariants(this.world.db), {});
    this.world.close();
  }

  #request(envelope: Envelope): void {
    const isNew = this.oracle.get(subjectOf(envelope)) === undefined;
    const theirs = this.oracle.step(this.#now, envelope);
    const ours = this.world.step(this.#now, structuredClone(envelope));
    deepStrictEqual(ours.status, theirs.response.head.status, `status of ${JSON.stringify(envelope)}`);
    this.#count(`${envelope.kind} ${ours.status}`);
    if (ours.status >= 400) return;
    for (const { message } of ours.messages) this.#count(message.kind);
    const where = `answer to ${JSON.stringify(envelope)}`;
    deepStrictEqual(
      withoutLineage(answer(ours.data as Json)),
      withoutLineage(this.#withChildren(envelope, answer(theirs.response.data as Json), isNew)),
      where,
    );
    const messages = comparable(this.oracle, theirs.messages, this.#imitateDelays());
    deepStrictEqual(
      sorted(withoutLineage(ours.messages)),
      sorted(messages),
      `messages of ${JSON.stringify(envelope)}`,
    );
  }

  #count(event: string): void {
    this.seen.set(event, (this.seen.get(event) ?? 0) + 1);
  }

  #tick(): void {
    const theirs = this.oracle.step(this.#now, request("debug.tick", { time: this.#now })).messages;
    // The oracle makes up for one missed occurrence at a time.
    while (this.oracle.server.sTimeouts.some(({ timeout }) => timeout <= this.#now)) {
      this.#count("occurrence made up for");
      theirs.push(...this.oracle.step(this.#now, request("debug.tick", { time: this.#now })).messages);
    }
    // The oracle ends only promises with a target by itself; the others are touched.
    for (const { id, state, timeoutAt, tags } of this.oracle.server.promises.values()) {
      if (state !== "pending" || timeoutAt > this.#now) continue;
      if (tags["resonate:scope"] !== "global" && tags["resonate:external"] !== "true") continue;
      theirs.push(...this.oracle.step(this.#now, request("promise.get", { id })).messages);
    }
    const ours = this.world.tick(this.#now);
    for (const { message } of ours) this.#count(`${message.kind} by clock`);
    const expected = sorted(lastOfEach(comparable(this.oracle, theirs, this.#imitateDelays())));
    deepStrictEqual(sorted(withoutLineage(ours)), expected, `at ${this.#now}`);
    this.#compareSnapshots();
  }

  /** Both time out what waits and is overdue, so that the request that follows can't wake it in the oracle. */
  #touchOverdueAwaiters(): void {
    for (let isAgain = true; isAgain; ) {
      isAgain = false;
      const awaiters = [...this.oracle.server.promises.values()].flatMap((promise) => [...promise.callbacks]);
      for (const id of awaiters) {
        const own = this.oracle.get(id);
        if (own === undefined || own.state !== "pending" || own.timeoutAt > this.#now) continue;
        this.oracle.step(this.#now, request("promise.get", { id }));
        this.world.step(this.#now, request("promise.get", { id }));
        isAgain = true;
      }
    }
    this.#compareSnapshots();
  }

  /** The oracle's preload with the children that ours adds. */
  #withChildren(envelope: Envelope, data: Json, isNew: boolean): Json {
    if (!Array.isArray(data["preload"]) || envelope.kind === "task.fence") return data;
    // What is born settled will not be run.
    if (isNew && (data["promise"] as Json)["state"] !== "pending") return data;
    const id = subjectOf(envelope);
    const known = new Set((data["preload"] as { id: string }[]).map((each) => each.id));
    const children = (this.oracle.snapshot()["promises"] as Json[]).filter(
      ({ id: child, tags }) =>
        child !== id &&
        !known.has(child as string) &&
        (tags as Record<string, string>)["resonate:parent"] === id,
    );
    return { ...data, preload: byId([...(data["preload"] as Json[]), ...children]) };
  }

  #imitateDelays(): Set<string> {
    return imitateDelays(this.oracle, this.world.snapshot().taskRows);
  }

  #compareSearch(): void {
    const found = this.world.step(this.#now, request("schedule.search", { limit: 100 })).data["schedules"];
    deepStrictEqual(found, byId(this.oracle.schedules()), "search of schedules");
    this.#compareTaskSearch();
    const wanted = this.#random.pick([undefined, "pending", "resolved", "rejected", "rejected_timedout"]);
    const origin = this.#random.pick([undefined, "a", "b"]);
    const tags: Json = origin === undefined ? {} : { "resonate:origin": origin };
    const query = { ...(wanted !== undefined && { state: wanted }), tags, limit: 100 };
    const ours = this.world.step(this.#now, request("promise.search", query));
    const all = (this.oracle.snapshot()["promises"] as Json[]).map((promise) => this.#asOfNow(promise));
    const expected = all.filter(
      (promise) =>
        (wanted === undefined || promise["state"] === wanted) &&
        (origin === undefined || (promise["tags"] as Json)["resonate:origin"] === origin),
    );
    // A timer that is due and unheard of is found under its new state only when the clock has been heard.
    const isUnheard = ({ tags, timeoutAt, settledAt }: Json) =>
      (tags as Json)["resonate:timer"] === "true" && settledAt === timeoutAt;
    deepStrictEqual(
      withoutLineage(ours.data["promises"] as Json[]).filter((promise) => !isUnheard(promise)),
      byId(expected.filter((promise) => !isUnheard(promise))),
      `search ${JSON.stringify(query)}`,
    );
  }

  #compareTaskSearch(): void {
    const state = this.#random.pick([undefined, "pending", "acquired", "suspended", "halted", "fulfilled"]);
    const query = { ...(state !== undefined && { state }), limit: 1000 };
    const ours = this.world.step(this.#now, request("task.search", query)).data["tasks"] as Json[];
    const all = (this.oracle.snapshot()["tasks"] as Json[]).map(task);
    const isOver = ({ id }: Json) => (this.oracle.get(id as string)?.timeoutAt ?? 0) <= this.#now;
    const current = all.map((each) =>
      isOver(each) ? { id: each["id"], version: each["version"], state: "fulfilled", resumes: 0 } : each,
    );
    const expected = current.filter((each) => state === undefined || each["state"] === state);
    deepStrictEqual(ours, byId(expected), `search ${JSON.stringify(query)}`);
  }

  #asOfNow(promise: Json): Json {
    if (promise["state"] !== "pending" || (promise["timeoutAt"] as number) > this.#now) return promise;
    const isTimer = (promise["tags"] as Json)["resonate:timer"] === "true";
    const state = isTimer ? "resolved" : "rejected_timedout";
    return { ...promise, state, settledAt: promise["timeoutAt"] };
  }

  #compareSnapshots(): void {
    const ours = this.world.snapshot();
    const theirs = this.oracle.snapshot();
    const isOwnTask = ({ id }: Json) => {
      const isPending = this.oracle.server.tasks.get(id as string)?.state === "pending";
      return !(isPending && isTimerId(this.oracle, id));
    };
    deepStrictEqual(
      {
        promises: withoutLineage(ours.promises),
        promiseTimeouts: ours.promiseTimeouts.filter(
          ({ id }) => this.oracle.get(id)?.tags["resonate:target"] !== undefined,
        ),
        callbacks: ours.callbacks,
        listeners: ours.listeners,
        tasks: ours.tasks,
        taskTimeouts: ours.taskTimeouts,
        schedules: ours.schedules,
      },
      {
        promises: byId(theirs["promises"] as Json[]),
        promiseTimeouts: byId(theirs["promiseTimeouts"] as Json[]),
        callbacks: sorted(theirs["callbacks"] as Json[], ["awaited", "awaiter"]),
        listeners: sorted(theirs["listeners"] as Json[], ["id", "address"]),
        tasks: byId((theirs["tasks"] as Json[]).map(task)),
        taskTimeouts: byId((theirs["taskTimeouts"] as Json[]).filter(isOwnTask)),
        schedules: byId(this.oracle.schedules()),
      },
      `state at ${this.#now}`,
    );
  }
}

/** The oracle gives the promises of a schedule no lineage of their own. */
function withoutLineage<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutLineage) as T;
  const entries = Object.entries(value);
  const isScheduled = entries.some(([key]) => key === "resonate:schedule");
  const kept = isScheduled ? entries.filter(([key]) => !LINEAGE.includes(key)) : entries;
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutLineage(each)])) as T;
}
const LINEAGE = ["resonate:origin", "resonate:branch", "resonate:parent"];

/** The promise that the request is about. */
function subjectOf({ data }: Envelope): string {
  const action = data["action"] as { data: { id: string } } | undefined;
  return (data["id"] as string | undefined) ?? action?.data.id ?? "";
}

/** An answer in a form that both can have: resumes as a number, preload in order of id, no corrId. */
function answer(data: Json): Json {
  const { action, preload, ...rest } = data;
  const inner = action as { kind: string; head: { status: number }; data: unknown } | undefined;
  const isRefused = inner !== undefined && inner.head.status >= 400;
  return {
    ...rest,
    ...(rest["task"] !== undefined && { task: task(rest["task"] as Json) }),
    ...(inner !== undefined && {
      action: { kind: inner.kind, status: inner.head.status, data: isRefused ? "" : inner.data },
    }),
    ...(preload !== undefined && { preload: byId(preload as Json[]) }),
  };
}

function task(record: Json): Json {
  const { resumes } = record;
  return { ...record, resumes: Array.isArray(resumes) ? resumes.length : resumes };
}

/** One execute a task: a later one takes the place of an earlier one. */
function lastOfEach(messages: readonly OracleMessage[]): OracleMessage[] {
  const keyed = new Map<string, OracleMessage>();
  for (const { address, message } of messages) {
    const { task, promise } = message.data;
    keyed.set(`${message.kind} ${JSON.stringify(task?.["id"] ?? promise?.["id"])} ${address}`, {
      address,
      message,
    });
  }
  return [...keyed.values()];
}

function byId<T extends Json>(records: readonly T[]): T[] {
  return sorted(records, ["id"]);
}

function sorted<T>(items: readonly T[], keys?: readonly string[]): T[] {
  const key = (item: T): string =>
    JSON.stringify(keys === undefined ? item : keys.map((each) => (item as Json)[each]));
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** An engine in a map, for models: each request waits for its turn, and the clock stands still until it is moved. */
import type { PromiseRecord, Value } from "@resonatehq/sdk";
import { childId } from "../../../src/approval/ids.ts";
import type { Durable, StoredPromise } from "../../../src/durable/durable.ts";
import { isTimer } from "../../../src/durable/lineage.ts";
import { stored } from "../../../src/durable/protocol-client.ts";
import { encodeValue } from "../../../src/durable/value.ts";
import type { Turn } from "../interleavings.ts";

/** The thing that requests touch whose answer depends on the time. */
export const CLOCK = "clock";

/** Children that an approval of a model may have. */
export const CHILDREN_MAX = 40;

export class MapEngine {
  nowMs = 0;
  readonly #records: Map<string, PromiseRecord>;
  /** Workflows that the approval starts beside itself: notices and callbacks. */
  readonly #beside: Map<string, PromiseRecord>;

  constructor(from?: MapEngine) {
    this.#records = new Map(from === undefined ? [] : from.#records);
    this.#beside = new Map(from === undefined ? [] : from.#beside);
  }

  has(id: string): boolean {
    return this.#records.has(id);
  }

  record(id: string): PromiseRecord {
    const record = this.#records.get(id);
    if (record === undefined) throw new Error(`There is no promise ${id}`);
    return record;
  }

  stored(id: string): StoredPromise {
    return stored(this.record(id));
  }

  isSettled(id: string): boolean {
    return this.#records.get(id)?.state !== "pending" && this.has(id);
  }

  /** In the order of their creation. */
  beside(): StoredPromise[] {
    return [...this.#beside.values()].map(stored);
  }

  childrenOf(id: string): StoredPromise[] {
    const children: StoredPromise[] = [];
    while (this.has(childId(id, children.length))) children.push(this.stored(childId(id, children.length)));
    return children;
  }

  /** The promise, which is another one if there was one of this id. */
  create(promise: Pick<PromiseRecord, "id" | "param" | "tags" | "timeoutAt">): PromiseRecord {
    const known = this.#records.get(promise.id);
    if (known !== undefined) return known;
    this.#records.set(promise.id, { ...promise, state: "pending", value: {}, createdAt: this.nowMs });
    this.#expire();
    return this.record(promise.id);
  }

  createBeside(promise: Pick<PromiseRecord, "id" | "param" | "tags" | "timeoutAt">): void {
    if (this.#beside.has(promise.id)) return;
    this.#beside.set(promise.id, { ...promise, state: "pending", value: {}, createdAt: this.nowMs });
  }

  settle(id: string, value: Value): PromiseRecord {
    const record = this.record(id);
    if (record.state !== "pending") return record;
    const settled: PromiseRecord = { ...record, state: "resolved", value, settledAt: this.nowMs };
    this.#records.set(id, settled);
    return settled;
  }

  moveClock(toMs: number): void {
    this.nowMs = Math.max(this.nowMs, toMs);
    this.#expire();
  }

  /** The earliest time of an open timer. */
  nextTimerMs(): number | undefined {
    const times = [...this.#records.values()]
      .filter(({ state, tags }) => state === "pending" && isTimer(tags))
      .map(({ timeoutAt }) => timeoutAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #expire(): void {
    for (const [id, record] of this.#records) {
      if (record.state !== "pending" || record.timeoutAt > this.nowMs) continue;
      const state = isTimer(record.tags) ? "resolved" : "rejected_timedout";
      this.#records.set(id, { ...record, state, settledAt: record.timeoutAt });
    }
  }

  /** What a request reads: a timer's state depends on the time. */
  touching(id: string): string[] {
    return this.has(id) && !isTimer(this.record(id).tags) ? [id] : [id, CLOCK];
  }

  /** The engine as a gateway sees it. */
  durable(turn: Turn): Durable {
    const read = (id: string) =>
      turn({ reads: this.touching(id) }, () => (this.has(id) ? this.stored(id) : undefined));
    const durable: Pick<Durable, "read" | "children" | "settle" | "waitFor" | "create"> = {
      read,
      // In one turn, as the embedded engine reads what is asked for together.
      children: (id) => {
        const reads = [CLOCK, ...Array.from({ length: CHILDREN_MAX }, (_, n) => childId(id, n))];
        return turn({ reads }, () => this.childrenOf(id));
      },
      settle: (id, value) =>
        turn({ reads: [CLOCK], writes: [id] }, () =>
          this.has(id) ? stored(this.settle(id, encodeValue(value))) : undefined,
        ),
      create: ({ id, param, timeoutAt, tags }) =>
        turn({ reads: [CLOCK], writes: [id] }, () =>
          stored(this.create({ id, param: param === undefined ? {} : encodeValue(param), tags, timeoutAt })),
        ),
      // As long as a caller waits: not at all.
      waitFor: (id) => read(id),
    };
    return durable as Durable;
  }
}

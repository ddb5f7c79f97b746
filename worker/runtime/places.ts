/**
 * Which tasks may run. Each lane has so many places; a task that is offered while all are taken waits here, once.
 *
 * Workflows that go on and those that begin take turns. So a decision waits for one approval that begins, and not for all
 * that somebody starts faster than they can be asked.
 *
 * Callbacks are counted apart from all other tasks: their receivers may take as long as they like, and no decision waits
 * for them. One host has only some of their places, and the slow hosts have half of them together, so that a good receiver
 * does not wait for bad ones.
 */
import type { ExecuteMsg, PromiseRecord } from "@resonatehq/sdk";
import { isCallbackId, placeIn, placeOf } from "../../src/approval/callback.ts";
import { parentId } from "../../src/approval/ids.ts";
import { storedCallbackOf } from "../../src/approval/stored-callback.ts";
import { decodeValue } from "../../src/durable/value.ts";
import { shortHash } from "../../src/lib/short-hash.ts";
import { Lane } from "./lane.ts";

export interface PlacesOptions {
  /** Tasks that run at once: callbacks, and all others. */
  readonly concurrency: number;
  /** Hands the SDK a task whose turn it is. */
  readonly start: (message: ExecuteMsg) => void;
}

/**
 * After this time, a step that waits for something outside gives up its task's place. A healthy mail server is faster.
 */
const SLOW_MS = 1_000;

/**
 * Callbacks that run at once are this many times as many as other tasks: nearly all they do is wait for an answer. Of one
 * host there are as many times fewer: by default 500 callbacks at once, 5 of them to one host.
 */
const CALLBACKS_FACTOR = 10;
/** Hosts that are remembered. */
const HOSTS_MAX = 10_000;
/** Good receivers answer much faster. */
const CALLBACK_SLOW_MS = 5_000;

export class Places {
  readonly #options: PlacesOptions;
  readonly #callbacks: Lane<ExecuteMsg>;
  readonly #others: Lane<ExecuteMsg>;
  /** Whom callbacks go to whose ids do not tell: those of workflows' ends. Each is on its own until it has run here once. */
  readonly #hosts = new Map<string, string>();
  /** Tasks that wait for something slow in a step, with how many such steps they have. */
  readonly #apart = new Map<string, number>();
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  constructor(options: PlacesOptions) {
    this.#options = options;
    const { concurrency } = options;
    this.#others = new Lane({
      max: concurrency,
      // Both may have all places: so no key that has them loses its turn.
      maxOfKey: Infinity,
      slowMs: Infinity,
      // A task of version 0 was never taken up.
      keyOf: (_, message) => (message?.data.task.version === 0 ? "begins" : "goes on"),
    });
    this.#callbacks = new Lane({
      max: concurrency * CALLBACKS_FACTOR,
      maxOfKey: Math.min(concurrency, Math.max(2, Math.ceil(concurrency / CALLBACKS_FACTOR))),
      slowMs: CALLBACK_SLOW_MS,
      keyOf: (id) => placeIn(id) || (this.#hosts.get(id) ?? id),
    });
  }

  /** The engine offers a task: it starts when there is a place. */
  offer(message: ExecuteMsg): void {
    if (this.#isClosed) return;
    const { id } = message.data.task;
    const lane = this.#laneOf(id);
    // A task that runs here waits, too: if it is offered again, it has lost its lease, and no other worker was asked.
    lane.wait(id, message);
    this.#startNext(lane);
  }

  /** The SDK takes a task up. */
  begin(id: string): void {
    this.#laneOf(id).begin(id);
  }

  /** A task has suspended, ended, or gone back. */
  end(id: string): void {
    const lane = this.#laneOf(id);
    this.#apart.delete(id);
    lane.end(id);
    this.#startNext(lane);
    if (this.#isIdle) this.#onIdle?.();
  }

  /** Reads from a callback whom it goes to, where its id does not tell. */
  learnHost(id: string, { param, tags }: PromiseRecord): void {
    if (!isCallbackId(id) || placeIn(id) !== "") return;
    const to = storedCallbackOf({ param: decodeValue(param), tags })?.to;
    if (to !== undefined) this.#hosts.set(id, shortHash(placeOf(to)));
    const [oldest] = this.#hosts.keys();
    if (this.#hosts.size > HOSTS_MAX && oldest !== undefined) this.#hosts.delete(oldest);
  }

  /**
   * Awaits what a step of this workflow does. If it takes long, the task gives up its place among those that run until
   * it is done; it stays this worker's, and its lease is renewed as before.
   */
  async apart<T>(workflow: string, work: Promise<T>): Promise<T> {
    let task: string | undefined;
    const timer = setTimeout(() => {
      task = this.#leave(workflow);
    }, SLOW_MS);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (task !== undefined) this.#takeAgain(task);
    }
  }

  /** No task starts from now on. Waiting tasks are dropped, and the engine offers them to other workers. */
  close(): void {
    this.#isClosed = true;
    for (const lane of this.#lanes) lane.clear();
  }

  /** Resolves when no task runs any more. */
  async idle(): Promise<void> {
    if (!this.#isIdle) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  #leave(workflow: string): string | undefined {
    for (let id: string | undefined = workflow; id !== undefined; id = parentId(id)) {
      const steps = this.#apart.get(id);
      if (steps !== undefined) {
        this.#apart.set(id, steps + 1);
        return id;
      }
      if (!this.#others.runs(id)) continue;
      if (this.#apart.size >= this.#options.concurrency) return undefined;
      this.#apart.set(id, 1);
      this.#others.end(id);
      this.#startNext(this.#others);
      return id;
    }
    return undefined;
  }

  /** One more may run for a while than may begin. */
  #takeAgain(id: string): void {
    const steps = this.#apart.get(id);
    if (steps === undefined) return;
    if (steps > 1) this.#apart.set(id, steps - 1);
    else {
      this.#apart.delete(id);
      this.#others.begin(id);
    }
  }

  #startNext(lane: Lane<ExecuteMsg>): void {
    if (this.#isClosed) return;
    const message = lane.next();
    if (message !== undefined) this.#options.start(message);
  }

  #laneOf(id: string): Lane<ExecuteMsg> {
    return isCallbackId(id) ? this.#callbacks : this.#others;
  }

  get #lanes(): readonly Lane<ExecuteMsg>[] {
    return [this.#callbacks, this.#others];
  }

  get #isIdle(): boolean {
    return this.#apart.size === 0 && this.#lanes.every(({ isIdle }) => isIdle);
  }
}

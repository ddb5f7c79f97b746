/**
 * Tasks that share a limit, and wait for their turn when it is reached.
 *
 * L1 at most `max` tasks run at once, and at most `maxOfKey` of one key, so no key takes all places;
 * L2 keys with waiting tasks take turns, so a task waits for one task of another key and not for a thousand;
 * L3 a key whose last task took long is slow, and the slow ones together have half of the places. A quick task makes its
 *    key quick again.
 *
 * Each operation takes the same time however many wait.
 */
export class Lane<Item> {
  readonly #options: LaneOptions<Item>;
  /** With the key that each had when it began, which may be known better since, and when that was, by `performance.now()`. */
  readonly #running = new Map<string, { readonly name: string; readonly atMs: number }>();
  readonly #keys = new Map<string, Key<Item>>();
  /** The key under which each task waits. */
  readonly #waiting = new Map<string, string>();
  /** Keys that may begin a task as far as L1 goes, the next in turn first. */
  readonly #ready = { quick: new Set<string>(), slow: new Set<string>() };
  readonly #slow = new Set<string>();
  #slowRunning = 0;

  constructor(options: LaneOptions<Item>) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  runs(id: string): boolean {
    return this.#running.has(id);
  }

  /** A task waits; offered again, it waits once, as the newer item and under its key. */
  wait(id: string, item: Item): void {
    const name = this.#options.keyOf(id, item);
    const before = this.#waiting.get(id);
    if (before !== undefined && before !== name) this.#take(id, before);
    this.#waiting.set(id, name);
    this.#key(name).waiting.set(id, item);
    this.#line(name);
  }

  /** Removes and returns the next item; undefined if there is no place. */
  next(): Item | undefined {
    if (this.#running.size >= this.#options.max) return undefined;
    const hasPlaceForSlow = this.#slowRunning < Math.max(1, Math.floor(this.#options.max / 2));
    const [name] = this.#ready.quick.size > 0 || !hasPlaceForSlow ? this.#ready.quick : this.#ready.slow;
    if (name === undefined) return undefined;
    const [first] = this.#key(name).waiting;
    if (first === undefined) return undefined;
    // It is this key's turn no more.
    this.#leave(name);
    this.#take(first[0], name);
    return first[1];
  }

  begin(id: string): void {
    if (this.#running.has(id)) return;
    const name = this.#options.keyOf(id);
    this.#running.set(id, { name, atMs: performance.now() });
    this.#key(name).running += 1;
    if (this.#slow.has(name)) this.#slowRunning += 1;
    this.#line(name);
  }

  end(id: string): void {
    const began = this.#running.get(id);
    if (began === undefined) return;
    this.#running.delete(id);
    const { name, atMs } = began;
    const key = this.#key(name);
    key.running -= 1;
    if (this.#slow.has(name)) this.#slowRunning -= 1;
    this.#judge(name, key, performance.now() - atMs);
    this.#line(name);
    this.#forgetIdle(name);
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#waiting.clear();
    for (const [name, key] of this.#keys) {
      key.waiting.clear();
      this.#leave(name);
    }
  }

  /** The task waits no more. */
  #take(id: string, name: string): void {
    this.#waiting.delete(id);
    this.#key(name).waiting.delete(id);
    this.#line(name);
    this.#forgetIdle(name);
  }

  #judge(name: string, key: Key<Item>, tookMs: number): void {
    const isSlow = tookMs >= this.#options.slowMs;
    if (isSlow === this.#slow.has(name)) return;
    this.#leave(name);
    this.#slowRunning += isSlow ? key.running : -key.running;
    if (isSlow) this.#slow.add(name);
    else this.#slow.delete(name);
    // More names than are called in a day. A forgotten one is learned again from its next task.
    const [oldest] = this.#slow;
    if (this.#slow.size > SLOW_MAX && oldest !== undefined && this.#keys.get(oldest) === undefined) {
      this.#slow.delete(oldest);
    }
  }

  /** Puts a key where its next task is found, or takes it away while it can have none. */
  #line(name: string): void {
    const { waiting, running } = this.#key(name);
    const isReady = waiting.size > 0 && running < this.#options.maxOfKey;
    if (!isReady) this.#leave(name);
    else (this.#slow.has(name) ? this.#ready.slow : this.#ready.quick).add(name);
  }

  #leave(name: string): void {
    this.#ready.quick.delete(name);
    this.#ready.slow.delete(name);
  }

  #forgetIdle(name: string): void {
    const { waiting, running } = this.#key(name);
    if (running === 0 && waiting.size === 0) this.#keys.delete(name);
  }

  #key(name: string): Key<Item> {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const made: Key<Item> = { waiting: new Map(), running: 0 };
    this.#keys.set(name, made);
    return made;
  }
}

export interface LaneOptions<Item> {
  readonly max: number;
  readonly maxOfKey: number;
  /** Milliseconds from which on a task took long. */
  readonly slowMs: number;
  /** What a task has in common with others that it competes with, by its id and, while it waits, by its item. */
  readonly keyOf: (id: string, item?: Item) => string;
}

interface Key<Item> {
  readonly waiting: Map<string, Item>;
  running: number;
}

const SLOW_MAX = 10_000;

import { AsyncLocalStorage } from "node:async_hooks";

/** A process of the simulation. When it dies, all that it has begun dies with it. */
export interface SimProcess {
  /** With the number of its life: `worker-1.3`. */
  readonly name: string;
  isUp: boolean;
  /** What its wall clock shows beyond the true time, in milliseconds. */
  skewMs: number;
}

/** Something that is going to happen. */
export interface Happening {
  readonly at: number;
  readonly seq: number;
  readonly owner: SimProcess;
  /** Undefined: it was called off. */
  run: (() => void) | undefined;
}

// Kept before anything is replaced: this is the one real timer that the simulation runs on.
const realSetImmediate = setImmediate;
const turn = (): Promise<void> => new Promise((resolve) => realSetImmediate(resolve));

/**
 * The only source of time and of order: whatever happens is in one queue, by time and then by age. After each happening
 * all microtasks run, whose order JavaScript fixes. So one seed has one course.
 */
export class VirtualTime {
  /** The process whose code runs now; undefined: code that is no part of the simulation, such as a test runner's. */
  readonly current = new AsyncLocalStorage<SimProcess>();
  /** Everybody and everything that is not the service: it has one clock, and never dies. */
  readonly outside: SimProcess = { name: "outside", isUp: true, skewMs: 0 };
  readonly #heap: Happening[] = [];
  #now: number;
  #seq = 0;

  /** @param startMs milliseconds since 1970 */
  constructor(startMs: number) {
    this.#now = startMs;
  }

  /** True time in milliseconds since 1970, with fractions. */
  now(): number {
    return this.#now;
  }

  /** How many things have happened. */
  get happened(): number {
    return this.#seq;
  }

  /** In the process whose code runs now. */
  after(delayMs: number, run: () => void): Happening {
    return this.afterIn(this.process, delayMs, run);
  }

  /** The process whose code runs now. */
  get process(): SimProcess {
    return this.current.getStore() ?? this.outside;
  }

  /** In a process, unless it is dead by then. */
  afterIn(owner: SimProcess, delayMs: number, run: () => void): Happening {
    const happening: Happening = { at: this.#now + Math.max(0, delayMs), seq: (this.#seq += 1), owner, run };
    push(this.#heap, happening);
    return happening;
  }

  /** Lets time pass until `isOver` says so. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const next = pop(this.#heap);
      if (next === undefined) return;
      const { run, owner, at } = next;
      if (run === undefined || !owner.isUp) continue;
      this.#now = at;
      this.current.run(owner, run);
      await turn();
    }
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}

/** A binary heap: a year has millions of happenings. */
function push(heap: Happening[], item: Happening): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above] as Happening;
    if (isBefore(parent, item)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = item;
}

function pop(heap: Happening[]): Happening | undefined {
  const first = heap[0];
  const item = heap.pop();
  if (first === undefined || item === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && isBefore(heap[below + 1] as Happening, heap[below] as Happening))
      below += 1;
    const child = heap[below] as Happening;
    if (isBefore(item, child)) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = item;
  return first;
}

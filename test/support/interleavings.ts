/**
 * Runs a few concurrent programs in every order that makes a difference.
 *
 * A program does nothing by itself: each of its requests waits until it is chosen. Two requests that touch no common
 * thing, or only read, come to the same in either order, so one of the two orders is enough: what was tried before is
 * asleep until something it depends on happens (sleep sets; Godefroid, Partial-Order Methods, 1996, chapter 5).
 */
import type { Random } from "./seeds.ts";

/** Things by name. What is read in order to be written is written. */
interface Touched {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** One request of a program, waiting to be chosen. */
interface Waiting extends Touched {
  /** The same in every run that came here in the same way. */
  readonly key: string;
  readonly isPossible: () => boolean;
  readonly go: () => void;
}

/** What a program asks its world through. */
export interface Turn {
  /** Waits to be chosen, then does it at once. */
  <T>(touches: Partial<Touched>, act: () => T, isPossible?: () => boolean): Promise<T>;
}

/** A world made anew for each run: its programs, and what must be true at their end, as sentences that are not. */
export interface World {
  readonly programs: Readonly<Record<string, (turn: Turn) => Promise<void>>>;
  /** Whether a thing will never change again. What reads it or would write it comes to the same at any later moment. */
  isFinal(thing: string): boolean;
  lies(): string[];
}

export interface Explored {
  readonly runs: number;
  /** The first run that ended in a lie. */
  readonly lie?: { readonly lies: readonly string[]; readonly order: readonly string[] };
}

/** Every order that makes a difference. Throws if there are more than `runsMax`. */
export async function exploreAll(make: () => World, runsMax: number): Promise<Explored> {
  /** Positions that still have something to try, the deepest last. */
  const open: { readonly order: readonly string[]; readonly asleep: readonly Waiting[] }[] = [
    { order: [], asleep: [] },
  ];
  let runs = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (++runs > runsMax) throw new Error(`There are more than ${runsMax} orders`);
    const run = new Run(make());
    await run.replay(at.order);
    let asleep = at.asleep;
    for (;;) {
      const possible = run.possible();
      const awake = possible.filter(({ key }) => !asleep.some((each) => each.key === key));
      const [first, ...others] = awake;
      if (first === undefined) {
        // All that could come next was tried elsewhere, or the run is over.
        if (possible.length === 0) {
          const lies = run.end();
          if (lies.length > 0) return { runs, lie: { lies, order: run.order } };
        }
        break;
      }
      let before = [...asleep, first];
      for (const other of others) {
        open.push({
          order: [...run.order, other.key],
          asleep: before.filter((each) => !run.dependent(each, other)),
        });
        before = [...before, other];
      }
      asleep = asleep.filter((each) => !run.dependent(each, first));
      await run.choose(first);
    }
  }
  return { runs };
}

/** So many runs in an order drawn by chance. */
export async function exploreSome(make: () => World, runs: number, random: Random): Promise<Explored> {
  for (let n = 1; n <= runs; n++) {
    const run = new Run(make());
    await run.replay([]);
    for (let possible = run.possible(); possible.length > 0; possible = run.possible()) {
      await run.choose(random.pick(possible));
    }
    const lies = run.end();
    if (lies.length > 0) return { runs: n, lie: { lies, order: run.order } };
  }
  return { runs };
}

function changes(a: Touched, b: Touched): boolean {
  return a.writes.some((thing) => b.reads.includes(thing) || b.writes.includes(thing));
}

class Run {
  readonly order: string[] = [];
  readonly #world: World;
  readonly #waiting = new Map<string, Waiting>();
  readonly #unfinished = new Set<string>();
  #failure: unknown;

  constructor(world: World) {
    this.#world = world;
    for (const [name, program] of Object.entries(world.programs)) {
      let asked = 0;
      this.#unfinished.add(name);
      const turn: Turn = ({ reads = [], writes = [] }, act, isPossible = () => true) =>
        new Promise((resolve, reject) => {
          const key = `${name}/${asked++} reads ${reads.join(",")} writes ${writes.join(",")}`;
          const go = () => {
            try {
              resolve(act());
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          };
          this.#waiting.set(key, { key, reads, writes, isPossible, go });
        });
      program(turn).then(
        () => this.#unfinished.delete(name),
        (error: unknown) => {
          this.#failure ??= error;
        },
      );
    }
  }

  /** What can be chosen next, in the order in which it was asked. */
  possible(): Waiting[] {
    if (this.#failure !== undefined) throw this.#failure;
    return [...this.#waiting.values()].filter(({ isPossible }) => isPossible());
  }

  /** Whether the order of two requests makes a difference from here on. */
  dependent(a: Waiting, b: Waiting): boolean {
    const [here, there] = [this.#open(a), this.#open(b)];
    return changes(here, there) || changes(there, here);
  }

  /** What a request touches of what can still change; nothing if all that it would write is final. */
  #open({ reads, writes }: Touched): Touched {
    const canChange = (thing: string) => !this.#world.isFinal(thing);
    const open = { reads: reads.filter(canChange), writes: writes.filter(canChange) };
    return writes.length > 0 && open.writes.length === 0 ? { reads: [], writes: [] } : open;
  }

  async choose(next: Waiting): Promise<void> {
    this.#waiting.delete(next.key);
    this.order.push(next.key);
    next.go();
    await rest();
  }

  async replay(order: readonly string[]): Promise<void> {
    await rest();
    for (const key of order) {
      const next = this.#waiting.get(key);
      if (next === undefined) throw new Error(`A second run went another way: nothing asks ${key}`);
      await this.choose(next);
    }
  }

  end(): string[] {
    const stuck = [...this.#unfinished].map((name) => `${name} never ended`);
    return [...stuck, ...this.#world.lies()];
  }
}

/** All that follows from the last reply without another has happened then. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

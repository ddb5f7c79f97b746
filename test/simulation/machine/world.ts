import { type Random, randomFrom } from "../../support/seeds.ts";
import { type SimProcess, VirtualTime } from "./virtual-time.ts";
import { type LinkPlan, Wire } from "./wire.ts";

export const FAULT_KINDS = ["crash", "lost", "late", "doubled", "skew"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A part of the product that runs as a process, may die at any moment, and comes back. */
export interface Part {
  readonly name: string;
  /** Starts its code, in the process given. */
  start(process: SimProcess): Promise<void>;
  /** It has just died: keeps what is on its disk, and nothing else. */
  died?(process: SimProcess): void;
  /** On average, in milliseconds. */
  readonly livesMs: number;
  readonly isSkewed: boolean;
  /** Whether it dies at a commit or soon after one: most of what an engine sends are replies to reads. */
  readonly diesAtCommits?: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;

interface Running {
  readonly part: Part;
  process: SimProcess;
  lives: number;
  /** Steps that it still takes before it dies: chunks that it sends. */
  steps: number;
  /** The same: commits, after which the steps count. */
  commits: number;
}

export interface WorldOptions {
  readonly seed: number;
  readonly startMs: number;
  readonly faults: ReadonlySet<FaultKind>;
  /** How many times as often processes die, and how much more of the time is stormy. */
  readonly severity: number;
  /** Gets every line of the log, without its end. */
  readonly onLine: (line: string) => void;
  /** A part could not start. */
  readonly onFailure: (part: string, error: unknown) => void;
}

/** The machines, the network between them, and what goes wrong with both. */
export class World {
  readonly time: VirtualTime;
  readonly wire: Wire;
  /** What goes wrong, and when. */
  readonly #chance: Random;
  readonly #faults: ReadonlySet<FaultKind>;
  readonly #onLine: WorldOptions["onLine"];
  readonly #onFailure: WorldOptions["onFailure"];
  readonly #severity: number;
  readonly #running = new Map<string, Running>();
  /** Times at which something went wrong that may make a process repeat itself, in order. */
  readonly #disturbances: number[] = [];
  #isStormy = false;
  #isCalmForGood = false;
  /** What went wrong, by kind. */
  readonly counts = new Map<string, number>();

  constructor({ seed, startMs, faults, severity, onLine, onFailure }: WorldOptions) {
    this.#severity = severity;
    this.#onFailure = onFailure;
    this.#chance = randomFrom(seed ^ 0x5eed);
    this.#faults = faults;
    this.#onLine = onLine;
    this.time = new VirtualTime(startMs);
    this.wire = new Wire({
      time: this.time,
      plan: (from, to, target) => this.#plan(from, to, target),
      onChunk: (from) => this.step(from),
    });
    this.#weather();
  }

  log(text: string): void {
    this.#onLine(`${new Date(this.time.now()).toISOString()} ${text}`);
  }

  /** Starts a part, and ends it now and then. */
  async add(part: Part): Promise<void> {
    const running: Running = {
      part,
      process: newProcess(part.name, 1),
      lives: 1,
      steps: NEVER,
      commits: NEVER,
    };
    this.#running.set(part.name, running);
    await this.#start(running);
    if (this.#faults.has("crash")) this.#doom(running);
    if (part.isSkewed && this.#faults.has("skew")) this.#setClocks(running);
  }

  isUp(name: string): boolean {
    return this.#running.get(name)?.process.isUp === true;
  }

  /** The process of a part as it is now. */
  processOf(name: string): SimProcess | undefined {
    return this.#running.get(name)?.process;
  }

  /** A process sends something, and may die of it. */
  step(process: SimProcess): void {
    const running = this.#runningIn(process);
    if (running === undefined) return;
    running.steps -= 1;
    if (running.steps === 0) this.#crash(running);
  }

  /** A process commits something. It may die in the middle, or within the next steps. */
  commit(process: SimProcess): void {
    const running = this.#runningIn(process);
    if (running === undefined) return;
    running.commits -= 1;
    if (running.commits > 0) return;
    running.commits = NEVER;
    if (this.#chance.chance(0.4)) this.#crash(running);
    else running.steps = 1 + this.#chance.below(12);
  }

  #runningIn(process: SimProcess): Running | undefined {
    const running = this.#running.get(process.name.replace(/\.\d+$/u, ""));
    return running?.process === process ? running : undefined;
  }

  /** From now on nothing goes wrong, and what is down comes back. */
  calmForGood(): void {
    this.#isCalmForGood = true;
    for (const running of this.#running.values()) {
      running.steps = NEVER;
      running.commits = NEVER;
      running.process.skewMs = 0;
    }
  }

  /** Whether something went wrong that may have made a process repeat itself. */
  wasDisturbed(fromMs: number, toMs: number): boolean {
    const at = this.#disturbances.findLast((each) => each <= toMs);
    return at !== undefined && at >= fromMs;
  }

  /** Whether a request is sent twice, and how much later. */
  repetition(): number | undefined {
    if (!this.#faults.has("doubled") || !this.#mayGoWrong || !this.#chance.chance(0.01)) return undefined;
    this.#note("doubled");
    return this.#chance.below(this.#chance.chance(0.5) ? 50 : 20_000);
  }

  #note(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#disturbances.push(this.time.now());
  }

  get #mayGoWrong(): boolean {
    return this.#isStormy && !this.#isCalmForGood;
  }

  /** Trouble comes in storms of hours, with days between them. */
  #weather(): void {
    const lengthMs = (this.#isStormy ? 6 : 18 / this.#severity) * HOUR_MS * (0.2 + this.#unit() * 1.6);
    this.time.afterIn(this.time.outside, lengthMs, () => {
      this.#isStormy = !this.#isStormy;
      this.#weather();
    });
  }

  #unit(): number {
    return this.#chance.below(2 ** 30) / 2 ** 30;
  }

  #plan(from: SimProcess, to: SimProcess, target: string): LinkPlan {
    const latencyMs = 0.1 + this.#unit() * 2;
    const isInside = from !== this.time.outside || to !== this.time.outside;
    if (!this.#mayGoWrong || !isInside) return { latencyMs };
    const roll = this.#unit();
    const chunk = 1 + this.#chance.below(6);
    if (this.#faults.has("lost") && roll < 0.02) {
      this.#note("lost");
      if (roll < 0.006) return { latencyMs, isRefused: true };
      if (roll < 0.017) return { latencyMs, cutAt: chunk };
      // The mail library waits for minutes, and the rest of a storm would be spent in one mail.
      return target.endsWith(":25") ? { latencyMs, cutAt: chunk } : { latencyMs, hangAt: chunk };
    }
    if (this.#faults.has("late") && roll > 0.96) {
      const byMs = this.#chance.below(this.#chance.chance(0.7) ? 500 : 40_000);
      if (byMs > 1_000) this.#note("late");
      return { latencyMs, late: { at: chunk, byMs } };
    }
    return { latencyMs };
  }

  async #start(running: Running): Promise<void> {
    const { part, process } = running;
    process.skewMs = part.isSkewed ? this.#skew() : 0;
    await this.time.current.run(process, () => part.start(process));
  }

  #skew(): number {
    if (!this.#faults.has("skew") || this.#isCalmForGood) return 0;
    return this.#chance.chance(0.4) ? 0 : this.#chance.below(20 * MINUTE_MS) - 10 * MINUTE_MS;
  }

  #setClocks(running: Running): void {
    this.time.afterIn(this.time.outside, (4 + this.#unit() * 20) * HOUR_MS, () => {
      if (running.process.isUp) running.process.skewMs = this.#skew();
      this.#setClocks(running);
    });
  }

  /** Chooses when it dies: a few steps after a moment, so that it dies at work. */
  #doom(running: Running): void {
    this.time.afterIn(
      this.time.outside,
      (running.part.livesMs / this.#severity) * (0.1 + this.#unit() * 1.8),
      () => {
        if (!this.#isCalmForGood && running.process.isUp) {
          if (running.part.diesAtCommits === true) running.commits = 1 + this.#chance.below(12);
          else running.steps = 1 + this.#chance.below(40);
        }
        this.#doom(running);
      },
    );
  }

  #crash(running: Running): void {
    const { process, part } = running;
    running.steps = NEVER;
    running.commits = NEVER;
    this.#note(`crash of ${part.name.replace(/-.*/u, "")}`);
    this.log(`${process.name} dies`);
    this.wire.drop(process);
    process.isUp = false;
    part.died?.(process);
    const downMs = this.#chance.chance(0.9) ? this.#chance.below(20_000) : this.#chance.below(15 * MINUTE_MS);
    this.time.afterIn(this.time.outside, downMs, () => {
      running.lives += 1;
      running.process = newProcess(part.name, running.lives);
      this.#note("start");
      this.log(`${running.process.name} starts`);
      this.#start(running).catch((error: unknown) => this.#onFailure(part.name, error));
    });
  }
}

function newProcess(name: string, life: number): SimProcess {
  return { name: `${name}.${life}`, isUp: true, skewMs: 0 };
}

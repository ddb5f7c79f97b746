import type { Clock } from "../clock.ts";
import type { Worker } from "./group.ts";
import type { Groups } from "./groups.ts";

export interface TakersOptions {
  readonly groups: Groups;
  readonly clock: Clock;
  /** Finds other workers for what this one was handed and does not take. */
  readonly reassign: (worker: Worker) => void;
}

/** A worker acquires at once what it is handed, unless it is frozen, or has more to do than it can. */
const PATIENCE_MS = 1_000;

/**
 * Knows who takes the tasks that they are handed. A worker that has taken none for a second, with one waiting for it, is
 * handed no more while others of its group take theirs, and they get what it had. It may be frozen, with its connection
 * open. It is one of them again as soon as it asks for a task, also for one that it gets no more.
 */
export class Takers {
  readonly #options: TakersOptions;
  /** Names of workers that take nothing, in whichever groups they are. */
  readonly #idle = new Set<string>();
  #cancel: (() => void) | undefined;

  constructor(options: TakersOptions) {
    this.#options = options;
  }

  /** Those who take tasks; all of them if nobody does. */
  among(workers: Worker[]): Worker[] {
    if (this.#idle.size === 0) return workers;
    const takers = workers.filter((worker) => this.#takes(worker));
    return takers.length === 0 ? workers : takers;
  }

  /** A task was handed out: its worker has a second to take it. */
  handed(): void {
    this.#cancel ??= this.#options.clock.after(PATIENCE_MS, () => this.#look());
  }

  /** A worker asks for a task, or has connected again. True if it took none before. */
  isBack(pid: string): boolean {
    return this.#idle.size > 0 && this.#idle.delete(pid);
  }

  /** A connection of the name has gone. Its last one takes the name with it: names of processes do not come again. */
  hasGone(pid: string): void {
    if (this.#idle.has(pid) && !this.#options.groups.hasWorker(pid)) this.#idle.delete(pid);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #takes({ connection }: Worker): boolean {
    return !this.#idle.has(connection.pid);
  }

  #look(): void {
    this.#cancel = undefined;
    const { groups, clock, reassign } = this.#options;
    const since = clock.now() - PATIENCE_MS;
    for (const { workers } of groups.all()) {
      for (const worker of workers.values())
        if (worker.hasLeftWaiting(since)) this.#idle.add(worker.connection.pid);
    }
    for (const { workers } of groups.all()) {
      const all = [...workers.values()];
      const isAnyTaking = all.some((worker) => this.#takes(worker));
      for (const worker of all) if (isAnyTaking && !this.#takes(worker)) reassign(worker);
      if (all.some(({ handed }) => handed.size > 0)) this.handed();
    }
  }
}

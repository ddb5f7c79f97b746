/**
 * The engine in memory, a worker beside it, and a clock that jumps from one thing that happens to the next: what tests of
 * workflows and rehearsals of approvals both play on.
 */
import type { Durable, StoredPromise } from "../../src/durable/durable.ts";
import { createDurable } from "../../src/durable/resonate.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { createLogger, type Logger } from "../../src/lib/log.ts";
import type { GivenServices } from "../runtime/services.ts";
import { startWorker } from "../runtime/worker.ts";
import type { Registration } from "../workflows/index.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { WatchedNetwork } from "./watched-network.ts";

/** When time begins unless a caller says otherwise, so that each run sees the same dates. */
export const START = "2030-01-01T09:00:00Z";
/** Milliseconds of real time after which a run is given up, unless a caller says otherwise. */
export const LIMIT_MS = 10_000;

export interface VirtualServiceOptions {
  /** What runs, for messages: `The workflow purchase`. */
  readonly what: string;
  /** A Date or an ISO 8601 instant. */
  readonly now: Date | string;
  readonly limitMs: number;
  readonly group: string;
  readonly workflows: readonly Registration[];
  /** What the worker gets; its own parts may use the service that is being made. */
  readonly services: (service: VirtualService) => GivenServices;
  /** Looks on each time that nothing is left to do at a moment, before time goes on. */
  readonly onRest?: (service: VirtualService) => Promise<void>;
}

/** Longer than any run: the lease of a task is counted in time that jumps. */
const LEASE_MS = 3_600_000;

export class VirtualService {
  readonly startedAtMs: number;
  /** The engine as people and programs beside the worker reach it. */
  readonly durable: Durable;
  /** Lets go of everything. */
  readonly stop: () => Promise<void>;
  readonly #what: string;
  readonly #limitMs: number;
  readonly #giveUpAt: number;
  readonly #clock: VirtualClock;
  readonly #watched: WatchedNetwork;
  /** What people do just now. */
  readonly #acts = new Set<Promise<void>>();
  readonly #onRest: (service: VirtualService) => Promise<void>;
  /** Acts whose time is still to come. */
  #planned = 0;
  #fault: { readonly error: unknown } | undefined;
  #complaint = "";

  /** @throws TypeError when `now` is no time */
  constructor({
    what,
    now,
    limitMs,
    group,
    workflows,
    services,
    onRest = async () => {},
  }: VirtualServiceOptions) {
    this.startedAtMs = instantMs(now);
    this.#what = what;
    this.#onRest = onRest;
    this.#limitMs = limitMs;
    this.#giveUpAt = performance.now() + limitMs;
    this.#clock = new VirtualClock(this.startedAtMs);
    const engine = openEngine({ file: ":memory:", clock: this.#clock });
    const network = engine.network({ group });
    this.#watched = new WatchedNetwork(network);
    const people = engine.network({ group: "test" });
    this.durable = createDurable(people, { group, isOrdered: true });
    const worker = startWorker({
      network: this.#watched.network,
      pid: network.pid,
      leaseMs: LEASE_MS,
      concurrency: 100,
      log: this.#log(),
      workflows,
      services: services(this),
    });
    this.stop = async () => {
      await worker.stop(0);
      await this.durable.stop();
      await engine.close();
    };
    people.start();
    network.start();
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#clock.now();
  }

  /** Does something beside the workflow, after a time. An error in it ends the run. */
  after(delayMs: number, act: () => Promise<void>): void {
    this.#planned += 1;
    this.#clock.after(delayMs, () => {
      this.#planned -= 1;
      this.act(act());
    });
  }

  /** The same, at once. */
  act(act: Promise<void>): void {
    const noted = act
      .catch((error: unknown) => {
        this.#fault ??= { error };
      })
      .finally(() => this.#acts.delete(noted));
    this.#acts.add(noted);
  }

  /**
   * Lets time pass until the promise is settled.
   *
   * @throws Error when it is not settled within the limit, or nothing can settle it any more; whatever an act throws
   */
  async settled(id: string): Promise<StoredPromise> {
    for (;;) {
      await this.#rest();
      const found = await this.durable.read(id);
      if (found === undefined) throw new Error(`Cannot run ${id}: its promise has vanished`);
      if (found.state !== "pending") return found;
      if (!this.#clock.goOn()) throw new Error(`${this.#what} waits for what never comes`);
    }
  }

  /** Lets time pass until every act that is planned was done. */
  async finished(): Promise<void> {
    for (;;) {
      await this.#rest();
      if (this.#planned === 0) return;
      this.#clock.goOn();
    }
  }

  /** Until workers and people have done what there is to do at this moment. */
  async #rest(): Promise<void> {
    do {
      await Promise.all(this.#acts);
      await this.#watched.quiet(() => {
        if (this.#fault !== undefined) throw this.#fault.error;
        if (performance.now() > this.#giveUpAt) throw this.#givenUp();
      });
    } while (this.#acts.size > 0);
    await this.#onRest(this);
  }

  #givenUp(): Error {
    const at = new Date(this.#clock.now()).toISOString();
    const because = this.#complaint === "" ? "" : `. The worker's last complaint: ${this.#complaint}`;
    return new Error(
      `${this.#what} is not over after ${this.#limitMs} ms of real time (${at} in the test)${because}`,
    );
  }

  #log(): Logger {
    const write = (line: string) => {
      const { msg, error } = JSON.parse(line) as { readonly msg?: unknown; readonly error?: unknown };
      this.#complaint = [msg, error].filter((part) => typeof part === "string").join(": ");
    };
    return createLogger({ level: "warn", part: "test", destination: { write } });
  }
}

/** @throws TypeError */
export function instantMs(now: Date | string): number {
  const ms = new Date(now).getTime();
  if (!Number.isNaN(ms)) return ms;
  throw new TypeError(`now must be a Date or an ISO 8601 instant, not ${JSON.stringify(now)}`);
}

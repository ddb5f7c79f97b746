import { type Address, anyAddress, uniAddress } from "../../protocol/addresses.ts";
import type { Message } from "../../protocol/records.ts";

/** A connected worker, in this process or behind a stream. */
export interface Connection {
  readonly group: string;
  readonly pid: string;
  /** Takes the message, or returns false and calls `resume` when it can take messages again. */
  deliver(message: Message): boolean;
  /** Another connection of the same name has taken its place. */
  replaced(): void;
}

/**
 * Tasks a worker may hold without having acquired them. A worker acquires at once what it is handed, so this bounds
 * only what a slow or stuck one sits on, and the memory of a worker that finds a hundred thousand tasks waiting.
 */
const HANDED_MAX = 256;
/**
 * So many more may be of workflows that go on. They come one by one, while any number may begin; without room of their own, those
 * would wait on disk until nobody begins any more.
 */
const GOING_ON_MAX = 256;

export class Worker {
  readonly connection: Connection;
  /** Ids of tasks handed to it and not yet acquired, with when each was handed, the oldest first. */
  readonly handed = new Map<string, number>();
  /** When it last took a task that it was handed. */
  tookAt = 0;
  /** Addresses of its own that may be owed messages, each looked through from an id on. */
  owedFrom: { readonly address: string; after: string }[] = [];

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Whether it can be handed a task of any version. */
  get hasRoom(): boolean {
    return this.hasRoomFor(0);
  }

  /** @param version of the task: 0 if nobody has ever acquired it */
  hasRoomFor(version: number): boolean {
    return this.handed.size < HANDED_MAX + (version > 0 ? GOING_ON_MAX : 0);
  }

  /** Whether it has had a task since then, and taken none. */
  hasLeftWaiting(since: number): boolean {
    const [oldestAt] = this.handed.values();
    return oldestAt !== undefined && Math.max(oldestAt, this.tookAt) <= since;
  }

  /** Every address that names it. */
  get addresses(): string[] {
    const { group, pid } = this.connection;
    return [uniAddress(group, pid), anyAddress(group, pid), anyAddress(group)];
  }
}

/** The workers of one group, and how far it has caught up with what waits on disk. */
export class Group {
  readonly name: string;
  readonly workers = new Map<string, Worker>();
  /** Catching up goes on after this task id. */
  cursor = "";
  /** There may be room for more: worth a look at what waits. */
  isDue = false;
  #isBehind = false;
  /** Something was left out while catching up: another round is needed. */
  #isAgain = false;
  #next = 0;

  constructor(name: string) {
    this.name = name;
  }

  get isBehind(): boolean {
    return this.#isBehind;
  }

  add(connection: Connection): Worker {
    const worker = new Worker(connection);
    this.workers.set(connection.pid, worker);
    return worker;
  }

  /** False if the worker had been replaced. */
  remove(worker: Worker): boolean {
    if (this.workers.get(worker.connection.pid) !== worker) return false;
    return this.workers.delete(worker.connection.pid);
  }

  /** Workers for the address, in the order to try; `any` rotates. */
  candidates(to: Address): Worker[] {
    if (to.cast === "uni") {
      const worker = this.workers.get(to.pid);
      return worker === undefined ? [] : [worker];
    }
    const all = [...this.workers.values()];
    const preferred = to.pid === undefined ? undefined : this.workers.get(to.pid);
    if (preferred !== undefined) return [preferred, ...all.filter((worker) => worker !== preferred)];
    this.#next = all.length === 0 ? 0 : (this.#next + 1) % all.length;
    return [...all.slice(this.#next), ...all.slice(0, this.#next)];
  }

  /** Tasks on disk may have been passed over: they are looked through from the start. */
  fallBehind(): void {
    if (this.#isBehind) this.#isAgain = true;
    else this.cursor = "";
    this.#isBehind = true;
  }

  reachedEnd(): void {
    this.cursor = "";
    this.isDue = false;
    this.#isBehind = this.#isAgain;
    this.#isAgain = false;
  }
}

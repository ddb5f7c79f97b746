import { parseAddress } from "../../protocol/addresses.ts";
import { type PromiseRow, promiseRecord, type TaskRow } from "../decide/state.ts";
import type { Assignments } from "./assignments.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Group, Worker } from "./group.ts";

/** What waits on disk, a page at a time. */
export interface BacklogSource {
  pendingTasks(group: string, after: string, limit: number): TaskRow[];
  owedTo(address: string, after: string, limit: number): PromiseRow[];
}

export interface BacklogParts {
  readonly source: BacklogSource;
  readonly now: () => number;
  readonly dispatcher: Dispatcher;
  readonly assignments: Assignments;
}

/** Tasks or debts looked up at once; more follow in later turns. */
const PAGE = 256;

/** Hands out what waits on disk, to groups that fell behind and to workers that have just connected. */
export class Backlog {
  readonly #source: BacklogSource;
  readonly #now: () => number;
  readonly #dispatcher: Dispatcher;
  readonly #assignments: Assignments;

  constructor({ source, now, dispatcher, assignments }: BacklogParts) {
    this.#source = source;
    this.#now = now;
    this.#dispatcher = dispatcher;
    this.#assignments = assignments;
  }

  /** Hands out a page of what waits for a group that fell behind; returns whether another page follows. */
  catchUp(group: Group): boolean {
    if (!group.isBehind || !group.isDue || !this.#dispatcher.hasRoom(group)) return false;
    const now = this.#now();
    const page = this.#source.pendingTasks(group.name, group.cursor, PAGE);
    for (const task of page) {
      const to = parseAddress(task.target);
      const isWaiting = task.notBefore !== null && task.notBefore > now;
      const isHanded = this.#assignments.isHanded(task.id, task.version);
      // If none of those who take tasks has room, the next round continues here. A task whose own worker is full comes
      // again in the next round.
      if (to !== undefined && !isWaiting && !isHanded && this.#dispatcher.execute(to, task) === "full") {
        if (!this.#dispatcher.hasRoom(group)) return false;
      }
      group.cursor = task.id;
    }
    if (page.length === PAGE) return true;
    group.reachedEnd();
    return false;
  }

  /** Sends a page of what is owed to a worker's addresses; returns whether another page follows. */
  payDebts(worker: Worker): boolean {
    const next = worker.owedFrom[0];
    const to = next && parseAddress(next.address);
    if (next === undefined || to === undefined) return false;
    const page = this.#source.owedTo(next.address, next.after, PAGE);
    for (const row of page) {
      const message = { kind: "unblock", head: {}, data: { promise: promiseRecord(row) } } as const;
      // A full connection says when it has room again, and then everything is looked through from the start.
      if (!this.#dispatcher.unblock(to, next.address, message)) {
        worker.owedFrom = [];
        return false;
      }
      next.after = row.id;
    }
    if (page.length < PAGE) worker.owedFrom.shift();
    return worker.owedFrom.length > 0;
  }
}

import { parseAddress } from "../../protocol/addresses.ts";
import type { Clock } from "../clock.ts";
import type { Outgoing, TaskRow } from "../decide/state.ts";
import type { Owed } from "../store/owed-messages.ts";
import { Assignments } from "./assignments.ts";
import { Backlog, type BacklogSource } from "./backlog.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Connection, Worker } from "./group.ts";
import { Groups } from "./groups.ts";
import { Takers } from "./takers.ts";

/** What the messenger reads of the store, between transactions. */
export interface MessengerSource extends BacklogSource {
  task(id: string): TaskRow | undefined;
}

export interface MessengerOptions {
  readonly source: MessengerSource;
  readonly clock: Clock;
  /** The message was handed to a live connection and is owed no more. */
  readonly onPaid: (debt: Owed) => void;
}

/**
 * Hands messages to connected workers, in later turns than the commit that caused them.
 *
 * Nothing here needs to survive a crash: on disk, a task stays pending until a worker acquires it, and a debt stays until
 * it is paid.
 * 1. An execute goes to one worker with room. If all are full, the group falls behind: its tasks are read from disk later.
 * 2. When a worker connects, its group catches up, so the worker gets everything that waits for it.
 * 3. When a worker disconnects, tasks that it was handed and has not acquired go to the others at once.
 * 4. A task that was lost or given back goes to a different worker, if one has room: the worker that had it may be frozen,
 *    with its connection still open.
 * 5. A worker that takes nothing of what it is handed gets no more while others of its group do, and they get what it had.
 * 6. An unblock is owed until a live connection has taken it. What is owed to an address is sent when that address connects.
 */
export class Messenger {
  readonly #source: MessengerSource;
  readonly #groups = new Groups();
  readonly #assignments = new Assignments();
  readonly #takers: Takers;
  readonly #dispatcher: Dispatcher;
  readonly #backlog: Backlog;
  readonly #now: () => number;
  #outbox: Outgoing[] = [];
  #turn: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor({ source, clock, onPaid }: MessengerOptions) {
    this.#source = source;
    this.#now = () => clock.now();
    const [groups, assignments, now] = [this.#groups, this.#assignments, this.#now];
    const takers = new Takers({ groups, clock, reassign: (worker) => this.#reassign(worker, "waits") });
    const dispatcher = new Dispatcher({ groups, assignments, takers, now, onPaid });
    this.#takers = takers;
    this.#dispatcher = dispatcher;
    this.#backlog = new Backlog({ source, now, dispatcher, assignments });
  }

  /** Hands messages to a worker until the returned function is called. A second connection of a name replaces the first. */
  connect(connection: Connection): () => void {
    const group = this.#groups.open(connection.group);
    const replaced = group.workers.get(connection.pid);
    const worker = group.add(connection);
    this.#takers.isBack(connection.pid);
    if (replaced !== undefined) {
      this.#reassign(replaced);
      replaced.connection.replaced();
    }
    this.resume(connection.group, connection.pid);
    return () => {
      if (!group.remove(worker)) return;
      this.#reassign(worker);
      if (group.workers.size === 0) this.#groups.delete(group);
      this.#takers.hasGone(connection.pid);
    };
  }

  /** The connection can take messages again: it gets what waited for it. */
  resume(groupName: string, pid: string): void {
    const group = this.#groups.get(groupName);
    const worker = group?.workers.get(pid);
    if (group === undefined || worker === undefined) return;
    group.fallBehind();
    group.isDue = true;
    worker.owedFrom = worker.addresses.map((address) => ({ address, after: "" }));
    this.#schedule();
  }

  /** Takes messages whose cause is on disk. */
  send(messages: readonly Outgoing[]): void {
    if (messages.length === 0 || this.#isClosed) return;
    this.#outbox = this.#outbox.length === 0 ? [...messages] : this.#outbox.concat(messages);
    this.#schedule();
  }

  /** A task has changed on disk: it may have been acquired, which makes room for another. */
  taskChanged(task: TaskRow): void {
    const worker = this.#assignments.taskChanged(task, this.#now());
    if (worker === undefined) return;
    const group = this.#groups.get(worker.connection.group);
    if (group?.isBehind !== true) return;
    group.isDue = true;
    this.#schedule();
  }

  /** A worker asks for a task, which it may not get. */
  asked(pid: string): void {
    if (!this.#takers.isBack(pid)) return;
    for (const group of this.#groups.all()) group.isDue = group.isBehind;
    this.#schedule();
  }

  /** Whether a connected worker serves the address. */
  isReachable(address: string): boolean {
    return this.#groups.isReachable(address);
  }

  /** Hands all waiting tasks out again, because workers may have been refused the ones they were handed. */
  handOutAgain(): void {
    this.#assignments.forgetHanded();
    for (const group of this.#groups.all()) {
      group.fallBehind();
      group.isDue = true;
    }
    this.#schedule();
  }

  /** Nothing that was handed out exists any more. */
  reset(): void {
    this.#outbox = [];
    this.#assignments.reset();
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#takers.close();
    this.#groups.clear();
    this.reset();
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#deliver();
    });
  }

  #deliver(): void {
    const messages = this.#outbox;
    this.#outbox = [];
    for (const { address, message } of messages) {
      const to = parseAddress(address);
      if (to === undefined) continue;
      if (message.kind === "execute") this.#dispatcher.execute(to, message.data.task);
      else this.#dispatcher.unblock(to, address, message);
    }
    for (const group of this.#groups.all()) {
      if (this.#backlog.catchUp(group)) this.#schedule();
      for (const worker of group.workers.values()) if (this.#backlog.payDebts(worker)) this.#schedule();
    }
  }

  /** Finds other workers for what this one was handed and did not acquire. What is for it alone waits for it. */
  #reassign(worker: Worker, its: "is lost" | "waits" = "is lost"): void {
    for (const id of this.#assignments.takeFrom(worker)) {
      const task = this.#isClosed ? undefined : this.#source.task(id);
      if (task?.state !== "pending") continue;
      if (its === "waits" && parseAddress(task.target)?.cast === "uni") {
        this.#assignments.hand(id, task.version, worker, this.#now());
        continue;
      }
      const message = { kind: "execute", head: {}, data: { task: { id, version: task.version } } } as const;
      this.send([{ address: task.target, message }]);
    }
  }
}

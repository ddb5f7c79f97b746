import { type Address, parseAddress } from "../../protocol/addresses.ts";
import type { Message } from "../../protocol/records.ts";
import { type Outgoing, type PromiseRow, promiseRecord, type TaskRow } from "../decide/state.ts";
import type { Owed } from "../store/owed-messages.ts";
import { type Connection, Group, type Worker } from "./group.ts";

/** What delivery reads of the store, between transactions. */
export interface DeliverySource {
  task(id: string): TaskRow | undefined;
  pendingTasks(group: string, after: string, limit: number): TaskRow[];
  owedTo(address: string, after: string, limit: number): PromiseRow[];
}

export interface DeliveryOptions {
  readonly source: DeliverySource;
  readonly now: () => number;
  /** The message was handed to a live connection and is owed no more. */
  readonly onPaid: (debt: Owed) => void;
}

/** Tasks or debts looked up at once; more follow in later turns. */
const PAGE = 256;

/**
 * Hands messages to connected workers, in turns of their own after the commit that caused them.
 *
 * Nothing here needs to survive: a task stays pending on disk until somebody acquires it, a debt until it is paid.
 * 1. An execute goes to one worker with room. If all are busy, the group falls behind: it is caught up from disk.
 * 2. A worker that connects makes its group catch up, so it gets all that waits for it.
 * 3. When a worker drops off, what it was handed and has not acquired goes to the others at once.
 * 4. A task that was lost or given back goes to another worker than the one that had it, if another has room: that one
 *    may be frozen, with its connection still open.
 * 5. An unblock is owed until a live connection took it; what is owed to an address is sent when that connects.
 */
export class Delivery {
  readonly #source: DeliverySource;
  readonly #now: () => number;
  readonly #onPaid: (debt: Owed) => void;
  readonly #groups = new Map<string, Group>();
  /** Tasks handed out and not yet acquired. */
  readonly #handed = new Map<string, { worker: Worker; version: number }>();
  /** Who holds a task, or held it last if it is pending again: by task id, the worker's name. */
  readonly #holders = new Map<string, string>();
  #outbox: Outgoing[] = [];
  #turn: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor({ source, now, onPaid }: DeliveryOptions) {
    this.#source = source;
    this.#now = now;
    this.#onPaid = onPaid;
  }

  /** Starts deliveries to a worker; answers how to end them. A second connection of one name replaces the first. */
  connect(connection: Connection): () => void {
    const group = this.#group(connection.group);
    const replaced = group.workers.get(connection.pid);
    const worker = group.add(connection);
    if (replaced !== undefined) {
      this.#reassign(replaced);
      replaced.connection.replaced();
    }
    this.resume(connection.group, connection.pid);
    return () => {
      if (!group.remove(worker)) return;
      this.#reassign(worker);
      if (group.workers.size === 0) this.#groups.delete(group.name);
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
    if (task.state === "acquired" && task.pid !== null) this.#holders.set(task.id, task.pid);
    else if (task.state !== "pending") this.#holders.delete(task.id);
    const handed = this.#handed.get(task.id);
    if (handed === undefined) return;
    if (task.state === "pending" && task.version === handed.version) return;
    this.#forget(task.id);
    const group = this.#groups.get(handed.worker.connection.group);
    if (group?.isBehind !== true) return;
    group.isDue = true;
    this.#schedule();
  }

  /** Whether anybody serves the address now. */
  isReachable(address: string): boolean {
    const parsed = parseAddress(address);
    const workers = parsed && this.#groups.get(parsed.group)?.workers;
    if (parsed === undefined || workers === undefined) return false;
    return parsed.cast === "any" || workers.has(parsed.pid);
  }

  /** Workers may have been refused what they were handed: all that waits is handed out once more. */
  handOutAnew(): void {
    for (const id of this.#handed.keys()) this.#forget(id);
    for (const group of this.#groups.values()) {
      group.fallBehind();
      group.isDue = true;
    }
    this.#schedule();
  }

  /** Nothing that was handed out exists any more. */
  reset(): void {
    this.#outbox = [];
    this.#holders.clear();
    for (const id of this.#handed.keys()) this.#forget(id);
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#outbox = [];
    this.#groups.clear();
    this.#handed.clear();
    this.#holders.clear();
  }

  #group(name: string): Group {
    const group = this.#groups.get(name) ?? new Group(name);
    this.#groups.set(name, group);
    return group;
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
      if (message.kind === "execute") this.#execute(to, message.data.task);
      else this.#unblock(to, address, message);
    }
    for (const group of this.#groups.values()) {
      this.#catchUp(group);
      for (const worker of group.workers.values()) this.#payDebts(worker);
    }
  }

  /** Hands a task to a worker of its address. */
  #execute(to: Address, { id, version }: { id: string; version: number }): "handed" | "nobody" | "full" {
    const group = this.#groups.get(to.group);
    const candidates = othersFirst(group?.candidates(to) ?? [], this.#holders.get(id));
    for (const worker of candidates) {
      const isAnother = this.#handed.get(id)?.worker !== worker;
      if (isAnother && !worker.hasRoom) continue;
      const message = { kind: "execute", head: {}, data: { task: { id, version } } } as const;
      if (!worker.connection.deliver(message)) continue;
      this.#forget(id);
      worker.handed.add(id);
      this.#handed.set(id, { worker, version });
      return "handed";
    }
    if (candidates.length === 0) return "nobody";
    group?.fallBehind();
    return "full";
  }

  #unblock(to: Address, address: string, message: Extract<Message, { kind: "unblock" }>): boolean {
    const candidates = this.#groups.get(to.group)?.candidates(to) ?? [];
    const isTaken = candidates.some((worker) => worker.connection.deliver(message));
    if (isTaken) this.#onPaid({ address, promiseId: message.data.promise.id });
    return isTaken;
  }

  /** Hands out a page of what waits on disk for a group that fell behind. */
  #catchUp(group: Group): void {
    if (!group.isBehind || !group.isDue || !group.hasRoom) return;
    const now = this.#now();
    const page = this.#source.pendingTasks(group.name, group.cursor, PAGE);
    for (const task of page) {
      const to = parseAddress(task.target);
      const isWaiting = task.notBefore !== null && task.notBefore > now;
      const isHanded = this.#handed.get(task.id)?.version === task.version;
      // With no room at all it goes on from here; a task whose own worker is full is met again in the next round.
      if (to !== undefined && !isWaiting && !isHanded && this.#execute(to, task) === "full") {
        if (!group.hasRoom) return;
      }
      group.cursor = task.id;
    }
    if (page.length === PAGE) this.#schedule();
    else group.reachedEnd();
  }

  /** Sends a page of what is owed to a worker's addresses. */
  #payDebts(worker: Worker): void {
    const next = worker.owedFrom[0];
    const to = next && parseAddress(next.address);
    if (next === undefined || to === undefined) return;
    const page = this.#source.owedTo(next.address, next.after, PAGE);
    for (const row of page) {
      const message = { kind: "unblock", head: {}, data: { promise: promiseRecord(row) } } as const;
      // A full connection says when it has room again, and everything is looked through anew.
      if (!this.#unblock(to, next.address, message)) {
        worker.owedFrom = [];
        return;
      }
      next.after = row.id;
    }
    if (page.length < PAGE) worker.owedFrom.shift();
    if (worker.owedFrom.length > 0) this.#schedule();
  }

  /** Finds other workers for what this one was handed and did not acquire. */
  #reassign(worker: Worker): void {
    for (const id of worker.handed) {
      this.#handed.delete(id);
      const task = this.#isClosed ? undefined : this.#source.task(id);
      if (task?.state !== "pending") continue;
      const message = { kind: "execute", head: {}, data: { task: { id, version: task.version } } } as const;
      this.send([{ address: task.target, message }]);
    }
    worker.handed.clear();
  }

  #forget(taskId: string): void {
    this.#handed.get(taskId)?.worker.handed.delete(taskId);
    this.#handed.delete(taskId);
  }
}

/** The same workers, the one of this name last. */
function othersFirst(workers: Worker[], last: string | undefined): Worker[] {
  if (last === undefined || workers.length < 2) return workers;
  const named = workers.filter(({ connection }) => connection.pid === last);
  return [...workers.filter((worker) => !named.includes(worker)), ...named];
}

import type {
  Change,
  Outgoing,
  PromiseQuery,
  PromiseRow,
  ScheduleRow,
  TaskOfPromise,
  TaskRow,
  Transition,
  View,
} from "./state.ts";
import { promiseRecord } from "./state.ts";

/**
 * A view with changes not yet written, so that a cascade sees what it has done itself.
 *
 * Rows are read through the draft. Callbacks and listeners are read from the view alone: a transition reads those of a
 * promise only while settling it, which happens once, and adds new ones only to promises it leaves pending. A schedule
 * is changed at most once.
 */
export class Draft {
  readonly #view: View;
  readonly #promises: Overlay<PromiseRow>;
  readonly #tasks: Overlay<TaskRow>;
  readonly #edges: Change[] = [];
  readonly #messages: Outgoing[] = [];

  constructor(view: View) {
    this.#view = view;
    this.#promises = new Overlay((id) => view.promise(id));
    this.#tasks = new Overlay((id) => view.task(id));
  }

  promise(id: string): PromiseRow | undefined {
    return this.#promises.get(id);
  }

  task(id: string): TaskRow | undefined {
    return this.#tasks.get(id);
  }

  awaiters(promiseId: string): string[] {
    return this.#view.awaiters(promiseId);
  }

  family(query: Parameters<View["family"]>[0]): PromiseRow[] {
    return this.#view.family(query).map((row) => this.#promises.changed(row.id) ?? row);
  }

  search(query: PromiseQuery): Iterable<PromiseRow> {
    return this.#view.search(query);
  }

  searchTasks(query: Parameters<View["searchTasks"]>[0]): Iterable<TaskOfPromise> {
    return this.#view.searchTasks(query);
  }

  schedule(id: string): ScheduleRow | undefined {
    return this.#view.schedule(id);
  }

  schedules(after: string): Iterable<ScheduleRow> {
    return this.#view.schedules(after);
  }

  putSchedule(row: ScheduleRow): void {
    this.#edges.push({ kind: "schedule.put", row });
  }

  deleteSchedule(id: string): void {
    this.#edges.push({ kind: "schedule.delete", id });
  }

  insertPromise(row: PromiseRow): void {
    this.#promises.insert(row);
  }

  settlePromise(row: PromiseRow): void {
    this.#promises.update(row);
  }

  insertTask(row: TaskRow): void {
    this.#tasks.insert(row);
  }

  updateTask(row: TaskRow): void {
    this.#tasks.update(row);
  }

  addCallback(awaited: string, awaiter: string): void {
    this.#edges.push({ kind: "callback.add", awaited, awaiter });
  }

  clearCallbacks(awaited: string): void {
    this.#edges.push({ kind: "callbacks.clear", awaited });
  }

  /** The task no longer waits for anything. */
  withdrawCallbacks(awaiter: string): void {
    this.#edges.push({ kind: "callbacks.withdraw", awaiter });
  }

  addListener(promiseId: string, address: string): void {
    this.#edges.push({ kind: "listener.add", promiseId, address });
  }

  /** Turns the promise's listeners into messages owed to them. */
  notifyListeners(row: PromiseRow, at: number): void {
    const addresses = this.#view.listeners(row.id);
    if (addresses.length === 0) return;
    this.#edges.push({ kind: "listeners.notify", promiseId: row.id, at });
    for (const address of addresses) {
      const message = { kind: "unblock", head: {}, data: { promise: promiseRecord(row) } } as const;
      this.#messages.push({ address, message });
    }
  }

  /** Hands out a task that has just become pending. */
  execute({ id, version, target }: TaskRow): void {
    const message = { kind: "execute", head: {}, data: { task: { id, version } } } as const;
    this.#messages.push({ address: target, message });
  }

  finish(): Transition {
    const changes: Change[] = [];
    for (const { row, isNew } of this.#promises.changes()) {
      changes.push({ kind: isNew ? "promise.insert" : "promise.settle", row });
    }
    for (const { row, isNew } of this.#tasks.changes()) {
      changes.push({ kind: isNew ? "task.insert" : "task.update", row });
    }
    return { changes: changes.concat(this.#edges), messages: this.#messages };
  }
}

/** Rows read once, and those among them that were changed or are new. */
class Overlay<Row extends { readonly id: string }> {
  readonly #load: (id: string) => Row | undefined;
  readonly #rows = new Map<string, Row | undefined>();
  readonly #isNew = new Map<string, boolean>();

  constructor(load: (id: string) => Row | undefined) {
    this.#load = load;
  }

  get(id: string): Row | undefined {
    if (this.#rows.has(id)) return this.#rows.get(id);
    const row = this.#load(id);
    this.#rows.set(id, row);
    return row;
  }

  changed(id: string): Row | undefined {
    return this.#isNew.has(id) ? this.#rows.get(id) : undefined;
  }

  insert(row: Row): void {
    this.#rows.set(row.id, row);
    this.#isNew.set(row.id, true);
  }

  update(row: Row): void {
    this.#rows.set(row.id, row);
    if (!this.#isNew.has(row.id)) this.#isNew.set(row.id, false);
  }

  *changes(): Generator<{ row: Row; isNew: boolean }> {
    for (const [id, isNew] of this.#isNew) {
      const row = this.#rows.get(id);
      if (row !== undefined) yield { row, isNew };
    }
  }
}

import type { TaskRow } from "../decide/state.ts";
import type { Worker } from "./group.ts";

/** Which worker was handed a task, and which one holds it. */
export class Assignments {
  /** Tasks handed out and not yet acquired. */
  readonly #handed = new Map<string, { readonly worker: Worker; readonly version: number }>();
  /** Who holds a task, or held it last if it is pending again: by task id, the worker's name. */
  readonly #holders = new Map<string, string>();

  hand(id: string, version: number, worker: Worker, now: number): void {
    this.forget(id);
    worker.handed.set(id, now);
    this.#handed.set(id, { worker, version });
  }

  /** The worker that has the task and has not acquired it. */
  workerOf(id: string): Worker | undefined {
    return this.#handed.get(id)?.worker;
  }

  /** Whether this version of the task was handed out and not acquired. */
  isHanded(id: string, version: number): boolean {
    return this.#handed.get(id)?.version === version;
  }

  /** The same workers, the one that holds the task, or held it last, at the end. */
  othersFirst(workers: Worker[], id: string): Worker[] {
    const last = this.#holders.get(id);
    if (last === undefined || workers.length < 2) return workers;
    const named = workers.filter(({ connection }) => connection.pid === last);
    return [...workers.filter((worker) => !named.includes(worker)), ...named];
  }

  /** A task has changed on disk. Returns the worker that now has room for another, if this makes room. */
  taskChanged({ id, state, pid, version }: TaskRow, now: number): Worker | undefined {
    if (state === "acquired" && pid !== null) this.#holders.set(id, pid);
    else if (state !== "pending") this.#holders.delete(id);
    const handed = this.#handed.get(id);
    if (handed === undefined || (state === "pending" && version === handed.version)) return undefined;
    this.forget(id);
    if (pid === handed.worker.connection.pid) handed.worker.tookAt = now;
    return handed.worker;
  }

  /** Takes back what the worker was handed and has not acquired; returns the tasks' ids. */
  takeFrom(worker: Worker): string[] {
    const ids = [...worker.handed.keys()];
    for (const id of ids) this.#handed.delete(id);
    worker.handed.clear();
    return ids;
  }

  forget(id: string): void {
    this.#handed.get(id)?.worker.handed.delete(id);
    this.#handed.delete(id);
  }

  /** Nobody has what was handed out. */
  forgetHanded(): void {
    for (const id of this.#handed.keys()) this.forget(id);
  }

  /** The tasks do not exist any more. */
  reset(): void {
    this.#holders.clear();
    this.forgetHanded();
  }
}

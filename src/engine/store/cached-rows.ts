import { charsOf, type PromiseRow, type TaskRow } from "../decide/state.ts";
import { RowCache } from "./row-cache.ts";

/** Recently used rows. They stay correct because the engine is the only writer of its file. */
export class CachedRows {
  readonly promises = new RowCache<PromiseRow>(promiseWeight);
  readonly tasks = new RowCache<TaskRow>(() => TASK_WEIGHT);

  delete(id: string): void {
    this.promises.delete(id);
    this.tasks.delete(id);
  }

  clear(): void {
    this.promises.clear();
    this.tasks.clear();
  }
}

const TASK_WEIGHT = 400;

/** Bytes a row holds in memory, roughly. */
function promiseWeight(row: PromiseRow): number {
  return 1000 + charsOf(row);
}

import { Generations } from "../../lib/generations.ts";

/** Up to twice this much stays in memory: some ten thousand rows of an ordinary workflow. */
const GENERATION_BYTES = 8 * 1024 * 1024;
/** A larger row is never cached, so that a few cannot evict all others. */
const ROW_BYTES_MAX = 128 * 1024;

/** Recently used rows, by id. */
export class RowCache<Row extends { readonly id: string }> {
  readonly #rows: Generations<string, Row>;
  readonly #weigh: (row: Row) => number;

  constructor(weigh: (row: Row) => number) {
    this.#rows = new Generations(GENERATION_BYTES, weigh);
    this.#weigh = weigh;
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  set(row: Row): void {
    if (this.#weigh(row) > ROW_BYTES_MAX) this.#rows.delete(row.id);
    else this.#rows.set(row.id, row);
  }

  delete(id: string): void {
    this.#rows.delete(id);
  }

  clear(): void {
    this.#rows.clear();
  }
}

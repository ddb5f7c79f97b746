/** Up to twice this much stays in memory: some ten thousand rows of an ordinary workflow. */
const GENERATION_BYTES = 8 * 1024 * 1024;
/** A larger row is never cached, so that a few cannot evict all others. */
const ROW_BYTES_MAX = 128 * 1024;

/**
 * Recently used rows, by id, in two generations. When the young one is full, it replaces the old one. So used rows
 * stay, without a list of uses.
 */
export class RowCache<Row extends { readonly id: string }> {
  #young = new Map<string, Row>();
  #old = new Map<string, Row>();
  #youngBytes = 0;
  readonly #weigh: (row: Row) => number;

  constructor(weigh: (row: Row) => number) {
    this.#weigh = weigh;
  }

  get(id: string): Row | undefined {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old !== undefined) this.set(old);
    return old;
  }

  set(row: Row): void {
    const bytes = this.#weigh(row);
    if (bytes > ROW_BYTES_MAX) {
      this.#young.delete(row.id);
      this.#old.delete(row.id);
      return;
    }
    if (this.#youngBytes + bytes > GENERATION_BYTES) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    // A replaced row counts twice, which only ends the generation sooner.
    this.#youngBytes += bytes;
    this.#young.set(row.id, row);
  }

  delete(id: string): void {
    this.#young.delete(id);
    this.#old.delete(id);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngBytes = 0;
  }
}

/** Up to twice this much stays in memory: some ten thousand rows of an ordinary workflow. */
const GENERATION_BYTES = 8 * 1024 * 1024;
/** A larger row is read from disk each time, lest a few of them push out all others. */
const ROW_BYTES_MAX = 128 * 1024;

/**
 * Rows used lately, by id. Two generations: when the young one is full the old one is forgotten and the young one
 * takes its place, so what is used stays and no list of uses is kept.
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
    // A replaced row is counted twice, which only makes the generation end sooner.
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

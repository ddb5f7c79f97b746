/**
 * What was used lately, by key, in two generations. When the young one is full, it replaces the old one. So what is used
 * stays, without a list of uses; and nobody looks for the oldest key, which takes a `Map` the longer, the more were
 * deleted from its beginning.
 */
export class Generations<Key, Value> {
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  #youngWeight = 0;
  readonly #weightMax: number;
  readonly #weigh: (value: Value, key: Key) => number;

  /**
   * @param weightMax of one generation: the last values of this weight are kept, and at most those of twice as much
   * @param weigh default: each value counts as one
   */
  constructor(weightMax: number, weigh: (value: Value, key: Key) => number = () => 1) {
    this.#weightMax = weightMax;
    this.#weigh = weigh;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    const weight = this.#weigh(value, key);
    if (this.#youngWeight + weight > this.#weightMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    // A replaced value counts twice, which only ends the generation sooner.
    this.#youngWeight += weight;
    this.#young.set(key, value);
  }

  delete(key: Key): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngWeight = 0;
  }
}

/** Limits how many tasks run at once. The others wait, first come, first served. */
export class Turns {
  readonly #atOnce: number;
  readonly #waitMs: number;
  readonly #tooLate: () => Error;
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  /** @param options `tooLate` makes the error of a caller who has waited for `waitMs` without a turn */
  constructor(options: {
    readonly atOnce: number;
    readonly waitMs: number;
    readonly tooLate: () => Error;
  }) {
    this.#atOnce = options.atOnce;
    this.#waitMs = options.waitMs;
    this.#tooLate = options.tooLate;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#atOnce) await this.#turn();
    else this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(begin);
        reject(this.#tooLate());
      }, this.#waitMs);
      const begin = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(begin);
    });
  }

  /** The place goes directly to the next in the queue, so a newcomer cannot overtake. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#underWay -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

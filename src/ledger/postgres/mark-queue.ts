import type { Mark } from "./marks.ts";

/** Stores the marks of one turn, and those that come while others are stored, in one statement. */
export class MarkQueue {
  readonly #store: (marks: readonly Mark[]) => Promise<void>;
  #waiting: Mark[] = [];
  #next = Promise.withResolvers<void>();
  #isStoring = false;

  constructor(store: (marks: readonly Mark[]) => Promise<void>) {
    this.#store = store;
  }

  /** Resolves when it is stored; rejects with the error of its statement. */
  store(mark: Mark): Promise<void> {
    this.#waiting.push(mark);
    const { promise } = this.#next;
    if (!this.#isStoring) {
      this.#isStoring = true;
      queueMicrotask(() => void this.#run());
    }
    return promise;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const marks = this.#waiting;
      const { resolve, reject } = this.#next;
      this.#waiting = [];
      this.#next = Promise.withResolvers<void>();
      await this.#store(marks).then(resolve, reject);
    }
    this.#isStoring = false;
  }
}

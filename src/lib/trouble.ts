/** Something that can be wrong for a while. Its beginning and its end are told once each. */
export interface TroubleTold {
  /** It begins, or is of another kind from now on. `cause`: an error, if there is one. */
  begins(why: string, cause: unknown): void;
  /** All is well again, after so many seconds. */
  ends(seconds: number): void;
}

export class Trouble {
  readonly #told: TroubleTold;
  readonly #now: () => number;
  #kind: string | undefined;
  #sinceMs = 0;

  /** @param now milliseconds on a clock that only goes forward */
  constructor(told: TroubleTold, now = () => performance.now()) {
    this.#told = told;
    this.#now = now;
  }

  /** What kind of trouble there is; undefined: none. */
  get kind(): string | undefined {
    return this.#kind;
  }

  /** Takes note of how things are. `why` may differ each time: the first of a kind is told. */
  note(found: { readonly kind: string; readonly why: string; readonly cause?: unknown } | undefined): void {
    if (found?.kind === this.#kind) return;
    if (this.#kind === undefined) this.#sinceMs = this.#now();
    this.#kind = found?.kind;
    if (found === undefined) this.#told.ends(Math.round((this.#now() - this.#sinceMs) / 1000));
    else this.#told.begins(found.why, found.cause);
  }
}

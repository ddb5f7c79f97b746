/** What an audit finds, by name. */

export type FindingKind =
  /** An event, or what it is about, is not what was committed to or sealed. */
  | "changed"
  /** An event is missing. */
  | "dropped"
  /** There is an event that nothing explains. */
  | "added"
  | "reordered"
  /** An event has a time before those that were logged earlier. */
  | "backdated"
  /** The log is sound in itself, and is not the one that an outside head was made of. */
  | "rewritten";

export interface Finding {
  readonly kind: FindingKind;
  readonly what: string;
}

/** Findings that are kept: one change can cause many. All are counted. */
const KEPT_MAX = 100;

export class Findings {
  readonly kept: Finding[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(kind: FindingKind, what: string): void {
    this.#count += 1;
    if (this.kept.length < KEPT_MAX) this.kept.push({ kind, what });
  }
}

/** The events of each approval, in their order. */
import { OWN } from "../events.ts";
import { type Leaf, NO_HASH } from "../leaf.ts";
import type { Findings } from "./findings.ts";
import type { LogFile } from "./walk-log.ts";

/** The end of a chain, as far as it was seen. */
interface End {
  n: number;
  /** A character for each byte: a buffer would take four times as much. */
  hash: string;
  index: number;
  /** Undefined while there was none. */
  missing: Set<number> | undefined;
  /** Nothing follows the event that says so, whatever the chain's row says. */
  isErased: boolean;
  /** Where the chain's row says that it ends; undefined if there is no row. */
  readonly row: Row | undefined;
}

interface Row {
  readonly count: number;
  /** One more than the index of the last event. */
  readonly last: number | null;
  readonly head: string;
}

const textOf = (hash: Uint8Array): string =>
  Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString("latin1");
const NO_HASH_TEXT = textOf(NO_HASH);

/** Numbers of one chain that are looked for at most. */
const MISSING_MAX = 256;

/**
 * Each chain counts from 1 on, each event has the hash of the one before, and the last is the one that the chain's row has.
 *
 * A chain is forgotten at its end: what comes then of it has a row that ends before. So memory is needed only for the
 * approvals that were open at one time, however many there have been.
 */
export class ChainOrder {
  readonly #file: LogFile;
  readonly #findings: Findings;
  readonly #size: number;
  /** Those that may go on. */
  readonly #chains = new Map<number, End>();

  /** @param size of the log that is looked at: there may be more events meanwhile */
  constructor(file: LogFile, findings: Findings, size: number) {
    this.#file = file;
    this.#findings = findings;
    this.#size = size;
  }

  /** How many chains are remembered. */
  get open(): number {
    return this.#chains.size;
  }

  add(index: number, leaf: Leaf, hash: Buffer): void {
    const { chain, n } = leaf;
    const end = this.#chains.get(chain) ?? this.#begin(chain, index);
    if (end === undefined || end.isErased) {
      this.#findings.add("added", `event ${index} is number ${n} of chain ${chain}, which was at its end`);
      return;
    }
    this.#take(end, index, leaf, hash);
    if (isAtEnd(end)) {
      this.#chains.delete(chain);
    } else if (leaf.type === OWN.erased && !isMissing(end)) {
      end.isErased = true;
      this.#compareEnd(chain, end);
    }
  }

  /** Undefined if it was at its end before. */
  #begin(chain: number, index: number): End | undefined {
    const row = this.#rowOf(chain);
    if (row !== undefined && this.#isOver(chain, row, index)) return undefined;
    const end = { n: 0, hash: NO_HASH_TEXT, index, missing: undefined, isErased: false, row };
    this.#chains.set(chain, end);
    return end;
  }

  /** What a row says of its end may be wrong, too: then the chain is followed to the end of the log. */
  #isOver(chain: number, { count, last }: Row, index: number): boolean {
    if (last === null || last > index) return false;
    const [event] = this.#file.rows(
      "SELECT 1 FROM log_events WHERE seq = ? AND chain = ? AND n = ?",
      last,
      chain,
      count,
    );
    return event !== undefined;
  }

  #rowOf(chain: number): Row | undefined {
    const [columns] = this.#file.rows("SELECT n, last, head FROM log_chains WHERE chain = ?", chain);
    if (columns === undefined) return undefined;
    const [count, last, head] = columns as unknown as readonly [number, number | null, Uint8Array];
    return { count, last, head: textOf(head) };
  }

  #take(known: End, index: number, { chain, n, prev }: Leaf, hash: Buffer): void {
    if (known.missing?.delete(n) === true) {
      this.#findings.add(
        "reordered",
        `event ${index} is number ${n} of chain ${chain}, and comes after number ${known.n}`,
      );
      return;
    }
    if (n <= known.n) {
      this.#findings.add(
        "added",
        `event ${index} is number ${n} of chain ${chain}, which had that number before`,
      );
      return;
    }
    if (n > known.n + 1) known.missing = withNumbers(known.missing ?? new Set(), known.n + 1, n);
    if (n === known.n + 1 && known.hash !== textOf(prev)) {
      this.#findings.add(
        "changed",
        `event ${index} follows another event than number ${known.n} of chain ${chain}, as it is in the log`,
      );
    }
    known.n = n;
    known.hash = textOf(hash);
    known.index = index;
  }

  finish(): void {
    for (const [chain, end] of this.#chains) {
      for (const n of end.missing ?? [])
        this.#findings.add("dropped", `number ${n} of chain ${chain} is missing in the log`);
      if (!end.isErased && !isMissing(end)) this.#compareEnd(chain, end);
    }
  }

  /** No event follows that has the hash of the last one: the chain's row has it. */
  #compareEnd(chain: number, { n, hash, index }: End): void {
    const row = this.#rowOf(chain);
    if (row === undefined) {
      this.#findings.add("dropped", `where chain ${chain} ends is missing: its last event is event ${index}`);
      return;
    }
    const { count, last, head } = row;
    if (this.#isLater(chain, last)) return;
    if (count > n) {
      this.#findings.add("dropped", `chain ${chain} has ${count} events, and the log has the first ${n}`);
    } else if (count < n) {
      this.#findings.add("added", `chain ${chain} has ${count} events, and the log has ${n}`);
    } else if (last !== index + 1 || hash !== head) {
      this.#findings.add("changed", `event ${index} is not the one that chain ${chain} ended with`);
    }
  }

  /** Whether the chain has gone on since the log was as large as it is looked at. */
  #isLater(chain: number, last: number | null): boolean {
    if (last === null || last <= this.#size) return false;
    const [event] = this.#file.rows("SELECT 1 FROM log_events WHERE seq = ? AND chain = ?", last, chain);
    return event !== undefined;
  }
}

/** Those from `from` to before `to`, as many as are looked for. */
function withNumbers(numbers: Set<number>, from: number, to: number): Set<number> {
  for (let each = from; each < to && numbers.size < MISSING_MAX; each += 1) numbers.add(each);
  return numbers;
}

/** Whether it is all that its row says. */
function isAtEnd({ n, hash, index, row, ...end }: End): boolean {
  const isLast = row !== undefined && row.last === index + 1 && row.count === n && row.head === hash;
  return isLast && !isMissing(end);
}

function isMissing({ missing }: Pick<End, "missing">): boolean {
  return missing !== undefined && missing.size > 0;
}

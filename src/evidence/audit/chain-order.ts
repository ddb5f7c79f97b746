/** The events of each approval, in their order. */
import { OWN } from "../events.ts";
import { type Leaf, NO_HASH } from "../leaf.ts";
import type { Findings } from "./findings.ts";
import type { LogFile } from "./walk-log.ts";

/** The end of a chain, as far as it was seen. There may be millions, so each takes little: some 150 bytes. */
interface End {
  n: number;
  /** A character for each byte: a buffer would take four times as much. */
  hash: string;
  index: number;
  /** Undefined while there was none. */
  missing: Set<number> | undefined;
}

const textOf = (hash: Uint8Array): string =>
  Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString("latin1");
const NO_HASH_TEXT = textOf(NO_HASH);

/** Numbers of one chain that are looked for at most. */
const MISSING_MAX = 256;

/** Each chain counts from 1 on, each event has the hash of the one before, and the last is the one that the chain's row has. */
export class ChainOrder {
  readonly #file: LogFile;
  readonly #findings: Findings;
  readonly #size: number;
  /** Those that may go on. */
  readonly #chains = new Map<number, End>();
  readonly #erased = new NumberSet();

  /** @param size of the log that is looked at: there may be more events meanwhile */
  constructor(file: LogFile, findings: Findings, size: number) {
    this.#file = file;
    this.#findings = findings;
    this.#size = size;
  }

  add(index: number, leaf: Leaf, hash: Buffer): void {
    const { chain, n } = leaf;
    if (this.#erased.has(chain)) {
      this.#findings.add("added", `event ${index} is number ${n} of chain ${chain}, which was at its end`);
      return;
    }
    this.#take(index, leaf, hash);
    const end = this.#chains.get(chain);
    if (leaf.type !== OWN.erased || end === undefined || isMissing(end)) return;
    this.#compareEnd(chain, end);
    this.#chains.delete(chain);
    this.#erased.add(chain);
  }

  #take(index: number, { chain, n, prev }: Leaf, hash: Buffer): void {
    const known = this.#chains.get(chain) ?? { n: 0, hash: NO_HASH_TEXT, index, missing: undefined };
    this.#chains.set(chain, known);
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
      if (!isMissing(end)) this.#compareEnd(chain, end);
    }
  }

  /** No event follows that has the hash of the last one: the chain's row has it. */
  #compareEnd(chain: number, { n, hash, index }: End): void {
    const [row] = this.#file.rows("SELECT n, last, head FROM log_chains WHERE chain = ?", chain);
    if (row === undefined) {
      this.#findings.add("dropped", `where chain ${chain} ends is missing: its last event is event ${index}`);
      return;
    }
    const [count, last, head] = row as unknown as readonly [number, number | null, Uint8Array];
    if (this.#isLater(chain, last)) return;
    if (count > n) {
      this.#findings.add("dropped", `chain ${chain} has ${count} events, and the log has the first ${n}`);
    } else if (count < n) {
      this.#findings.add("added", `chain ${chain} has ${count} events, and the log has ${n}`);
    } else if (last !== index + 1 || hash !== textOf(head)) {
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

function isMissing({ missing }: End): boolean {
  return missing !== undefined && missing.size > 0;
}

/** Whole numbers from 0 on, at a bit each: there may be millions of erased approvals. */
class NumberSet {
  #bits = new Uint8Array(1_024);

  add(number: number): void {
    const at = Math.floor(number / 8);
    if (at >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(at + 1, 2 * this.#bits.length));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (number % 8));
  }

  has(number: number): boolean {
    return ((this.#bits[Math.floor(number / 8)] ?? 0) & (1 << (number % 8))) !== 0;
  }
}

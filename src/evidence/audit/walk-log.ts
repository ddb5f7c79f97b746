/** The log by itself: whether its events are whole, in order, and what was sealed. */
import type { SQLOutputValue } from "node:sqlite";
import { LEAF_COLUMNS, type LeafColumns, leafOf } from "../columns.ts";
import { CompactTree } from "../compact.ts";
import { OWN } from "../events.ts";
import { HASH_BYTES, type Leaf, leafText, NO_HASH } from "../leaf.ts";
import { foldComplete, leafHash } from "../merkle.ts";
import type { Findings } from "./findings.ts";

/** Reads an engine's file, in one state of it. */
export interface LogFile {
  /** Rows of a query, by position. */
  rows(sql: string, ...parameters: (string | number)[]): Iterable<readonly SQLOutputValue[]>;
}

export interface WalkedLog {
  readonly size: number;
  readonly root: Buffer;
  /** The head of the first `size` events, for each size that was asked for and reached. */
  readonly rootAt: ReadonlyMap<number, Buffer>;
  /** Times of which events may be missing, and the log says so: in ms, both ends included. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
}

/**
 * How far an event's time may be before that of an earlier one: a step's result has a time that is up to a second early,
 * and the events of one moment may come in any order.
 */
const EARLY_MS = 2_000;
const PAGE = 1_024;
const TILE = 256;

export function walkLog(file: LogFile, findings: Findings, sizes: readonly number[]): WalkedLog {
  const tree = new CompactTree();
  const rootAt = new Map<number, Buffer>();
  const chains = new ChainOrder(findings);
  const times = new Times(findings);
  const tiles = new TileCheck(file, findings);
  const note = () => {
    if (sizes.includes(tree.size)) rootAt.set(tree.size, tree.root());
  };
  note();
  let after = 0;
  for (;;) {
    const page = [
      ...file.rows(
        `SELECT seq, ${LEAF_COLUMNS} FROM log_events WHERE seq > ? ORDER BY seq LIMIT ${PAGE}`,
        after,
      ),
    ] as unknown as readonly [number, ...LeafColumns][];
    if (page.length === 0) break;
    for (const [seq, ...columns] of page) {
      if (seq !== after + 1) {
        const which = seq === after + 2 ? `event ${after} is` : `events ${after} to ${seq - 2} are`;
        findings.add("dropped", `${which} missing in the log`);
      }
      after = seq;
      const leaf = leafOf(columns);
      const hash = leafHash(leafText(leaf));
      tree.add(hash);
      note();
      tiles.add(seq - 1, hash);
      chains.add(seq - 1, leaf, hash);
      times.add(seq - 1, leaf);
    }
  }
  tiles.finish(after);
  chains.finish();
  return { size: tree.size, root: tree.root(), rootAt, gaps: times.gaps };
}

/** Each chain counts from 1 on, and each event has the hash of the one before. */
class ChainOrder {
  readonly #findings: Findings;
  readonly #chains = new Map<number, { n: number; hash: Buffer; readonly missing: Set<number> }>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  add(index: number, { chain, n, prev }: Leaf, hash: Buffer): void {
    const known = this.#chains.get(chain) ?? { n: 0, hash: NO_HASH, missing: new Set<number>() };
    this.#chains.set(chain, known);
    if (known.missing.delete(n)) {
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
    for (let missing = known.n + 1; missing < n && known.missing.size < TILE; missing += 1)
      known.missing.add(missing);
    if (n === known.n + 1 && !known.hash.equals(prev)) {
      this.#findings.add(
        "changed",
        `event ${index} follows another event than number ${known.n} of chain ${chain}, as it is in the log`,
      );
    }
    known.n = n;
    known.hash = hash;
  }

  finish(): void {
    for (const [chain, { missing }] of this.#chains) {
      for (const n of missing)
        this.#findings.add("dropped", `number ${n} of chain ${chain} is missing in the log`);
    }
  }
}

/** Time goes forward, but for what the clock settles: its time is the deadline, even if nobody ran then. */
class Times {
  readonly #findings: Findings;
  readonly gaps: { readonly from: number; readonly to: number }[] = [];
  #latest = Number.NEGATIVE_INFINITY;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  add(index: number, { type, atMs }: Leaf): void {
    if (type === OWN.gap) {
      this.gaps.push({ from: this.#latest - EARLY_MS, to: atMs });
      return;
    }
    if (type === OWN.erased || type.endsWith(".lapsed")) return;
    if (atMs < this.#latest - EARLY_MS) {
      const earlier = new Date(this.#latest).toISOString();
      this.#findings.add(
        "backdated",
        `event ${index} (${type}) has the time ${new Date(atMs).toISOString()}, and comes after one of ${earlier}`,
      );
    }
    this.#latest = Math.max(this.#latest, atMs);
  }
}

/** Full tiles are stored, and have the hashes of what was sealed. */
class TileCheck {
  readonly #file: LogFile;
  readonly #findings: Findings;
  #n = 0;
  #hashes = new Map<number, Buffer>();
  #roots: Buffer[] = [];

  constructor(file: LogFile, findings: Findings) {
    this.#file = file;
    this.#findings = findings;
  }

  add(index: number, hash: Buffer): void {
    while (index >= (this.#n + 1) * TILE) this.#compare();
    this.#hashes.set(index, hash);
  }

  finish(size: number): void {
    while (size >= (this.#n + 1) * TILE) this.#compare();
    const beyond = [
      ...this.#file.rows("SELECT n FROM log_tiles WHERE level = 0 AND n >= ? ORDER BY n", this.#n),
    ];
    for (const [n] of beyond) {
      const from = Number(n) * TILE;
      this.#findings.add("dropped", `events of ${from} to ${from + TILE - 1} are missing, which were sealed`);
    }
    for (let level = 1; this.#roots.length >= TILE; level += 1) this.#compareLevel(level);
  }

  #compare(): void {
    const from = this.#n * TILE;
    const sealed = tileOf(this.#file, 0, this.#n);
    const made = Array.from({ length: TILE }, (_, at) => this.#hashes.get(from + at));
    this.#hashes = new Map();
    this.#n += 1;
    // Not sealed yet: the events that came last.
    if (sealed === undefined) {
      this.#roots.push(foldComplete(made.map((hash) => hash ?? NO_HASH)));
      return;
    }
    const places = new Map(sealed.hashes.map((hash, at) => [hash.toString("hex"), at]));
    for (const [at, hash] of made.entries()) {
      // What is missing was found already.
      if (hash === undefined || sealed.hashes[at]?.equals(hash) === true) continue;
      const place = places.get(hash.toString("hex"));
      if (place === undefined) this.#findings.add("changed", `event ${from + at} is not what was sealed`);
      else this.#findings.add("reordered", `event ${from + at} was sealed as event ${from + place}`);
    }
    const root = foldComplete(sealed.hashes);
    if (!root.equals(sealed.root)) this.#findings.add("changed", `tile ${this.#n - 1} of level 0 is damaged`);
    this.#roots.push(root);
  }

  #compareLevel(level: number): void {
    const next: Buffer[] = [];
    for (let n = 0; (n + 1) * TILE <= this.#roots.length; n += 1) {
      const made = this.#roots.slice(n * TILE, (n + 1) * TILE);
      const root = foldComplete(made);
      const sealed = tileOf(this.#file, level, n);
      const isSame =
        sealed?.root.equals(root) === true && sealed.hashes.every((hash, at) => made[at]?.equals(hash));
      if (sealed !== undefined && !isSame) {
        this.#findings.add("changed", `tile ${n} of level ${level} is not what the tiles below it make`);
      }
      next.push(root);
    }
    this.#roots = next;
  }
}

function tileOf(
  file: LogFile,
  level: number,
  n: number,
): { readonly root: Buffer; readonly hashes: Buffer[] } | undefined {
  const [columns] = file.rows("SELECT root, hashes FROM log_tiles WHERE level = ? AND n = ?", level, n);
  if (columns === undefined) return undefined;
  const [root, hashes] = columns.map((column) => Buffer.from(column as Uint8Array)) as [Buffer, Buffer];
  return {
    root,
    hashes: Array.from({ length: TILE }, (_, at) => hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)),
  };
}

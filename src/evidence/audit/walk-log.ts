/** The log by itself: whether its events are whole, in order, and what was sealed. */
import type { SQLOutputValue } from "node:sqlite";
import { LEAF_COLUMNS, type LeafColumns, leafOf } from "../columns.ts";
import { CompactTree } from "../compact.ts";
import { OWN } from "../events.ts";
import { type Leaf, leafText } from "../leaf.ts";
import { leafHash } from "../merkle.ts";
import { ChainOrder } from "./chain-order.ts";
import type { Findings } from "./findings.ts";
import { TileCheck } from "./tile-check.ts";

/** Reads an engine's file. An engine may write to it: what is read together is of one state until `renew`. */
export interface LogFile {
  /** Rows of a query, by position. */
  rows(sql: string, ...parameters: (string | number)[]): Iterable<readonly SQLOutputValue[]>;
  /** Lets the engine copy back what it has written; what is read next may be newer. */
  renew(): void;
}

export interface WalkedLog {
  readonly size: number;
  readonly root: Buffer;
  /** Events that no stored tile has. */
  readonly unsealed: number;
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

export function walkLog(file: LogFile, findings: Findings, sizes: readonly number[]): WalkedLog {
  const tree = new CompactTree();
  const rootAt = new Map<number, Buffer>();
  // Events are only added. Those that come while this looks are for the next audit.
  const [[end] = [0]] = [...file.rows("SELECT coalesce(max(seq), 0) FROM log_events")];
  const chains = new ChainOrder(file, findings, Number(end));
  const times = new Times(findings);
  const tiles = new TileCheck(file, findings);
  const note = () => {
    if (tree.size === tiles.seal?.size) compareSeal(tree.root(), tiles.seal, findings);
    if (sizes.includes(tree.size)) rootAt.set(tree.size, tree.root());
  };
  note();
  let after = 0;
  for (;;) {
    const page = [
      ...file.rows(
        `SELECT seq, ${LEAF_COLUMNS} FROM log_events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${PAGE}`,
        after,
        Number(end),
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
    file.renew();
  }
  if (tiles.seal !== undefined && tiles.seal.size > tree.size) {
    const { size } = tiles.seal;
    findings.add("dropped", `${size} events were sealed, and the log has ${tree.size}`);
  }
  tiles.finish(after);
  chains.finish();
  return { size: tree.size, root: tree.root(), unsealed: tiles.unsealed(after), rootAt, gaps: times.gaps };
}

function compareSeal(
  root: Buffer,
  seal: { readonly size: number; readonly root: Buffer },
  findings: Findings,
): void {
  if (root.equals(seal.root)) return;
  findings.add("changed", `the first ${seal.size} events are not those that were sealed`);
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

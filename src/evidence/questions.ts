/** What the log answers: its head, proofs about its tree, and its entries. */
import type { DatabaseSync } from "node:sqlite";
import { LEAF_COLUMNS, type LeafColumns, leafOf, query } from "./columns.ts";
import { hex, leafText, saltOf } from "./leaf.ts";
import { consistencyProof, inclusionProof, rootOf, type Subtrees } from "./merkle.ts";

/** Indexes count from 0; a size is a number of leaves. */
export type Question =
  | { readonly ask: "head" }
  /** That leaf `index` is in the tree of `size`. */
  | { readonly ask: "inclusion"; readonly index: number; readonly size?: number }
  /** That the tree of `size` begins with the tree of `older`. */
  | { readonly ask: "consistency"; readonly older: number; readonly size?: number }
  | { readonly ask: "entries"; readonly from: number; readonly limit: number }
  /** The events of an approval, by the number of its promise. */
  | { readonly ask: "events"; readonly approval: string };

export interface Head {
  readonly size: number;
  /** In hexadecimal, as all hashes and salts here. */
  readonly root: string;
}

export interface LoggedEvent {
  readonly index: number;
  /** The bytes that the log has of it. */
  readonly leaf: string;
  /** Of its promise. */
  readonly id: string;
  readonly salt: string;
}

/** Something about the question is wrong. */
export interface Refused {
  readonly refused: { readonly field: string; readonly message: string };
}

export type Answer =
  | Refused
  | Head
  | { readonly size: number; readonly proof: readonly string[] }
  | { readonly entries: readonly string[] }
  | { readonly events: readonly LoggedEvent[] };

export interface Asked {
  readonly db: DatabaseSync;
  readonly numberOf: (id: string) => number | undefined;
  /** Leaves that are on disk. */
  readonly size: number;
  readonly subtrees: Subtrees;
}

export const ENTRIES_MAX = 1_000;

/** Of one approval: more than its promises can have. */
const EVENTS_MAX = 10_000;

export function answer(query: unknown, asked: Asked): Answer {
  const { subtrees } = asked;
  const question = query as Question;
  switch (question.ask) {
    case "head":
      return { size: asked.size, root: hex(rootOf(subtrees, asked.size)) };
    case "inclusion": {
      const { index, size = asked.size } = question;
      if (!isWithin(size, 1, asked.size)) return refuse("size", 1, asked.size);
      if (!isWithin(index, 0, size - 1)) return refuse("index", 0, size - 1);
      return { size, proof: inclusionProof(subtrees, index, size).map(hex) };
    }
    case "consistency": {
      const { older, size = asked.size } = question;
      if (!isWithin(size, 1, asked.size)) return refuse("size", 1, asked.size);
      if (!isWithin(older, 1, size)) return refuse("older", 1, size);
      return { size, proof: consistencyProof(subtrees, older, size).map(hex) };
    }
    case "entries": {
      const { from, limit } = question;
      if (!isWithin(from, 0, asked.size)) return refuse("from", 0, asked.size);
      if (!isWithin(limit, 1, ENTRIES_MAX)) return refuse("limit", 1, ENTRIES_MAX);
      return { entries: entriesOf(asked, from, Math.min(from + limit, asked.size)) };
    }
    case "events":
      return { events: typeof question.approval === "string" ? eventsOf(asked, question.approval) : [] };
    default:
      return {
        refused: { field: "ask", message: "must be head, inclusion, consistency, entries or events" },
      };
  }
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

function refuse(field: string, min: number, max: number): Refused {
  const message =
    max < min ? "cannot be given: the log is empty" : `must be a whole number from ${min} to ${max}`;
  return { refused: { field, message } };
}

function entriesOf({ db }: Asked, from: number, to: number): string[] {
  const statement = query(
    db,
    `SELECT ${LEAF_COLUMNS} FROM log_events WHERE seq > ? AND seq <= ? ORDER BY seq`,
  );
  return (statement.all(from, to) as unknown as readonly LeafColumns[]).map((columns) =>
    leafText(leafOf(columns)),
  );
}

/** The oldest first. None if the approval has no chain, or no longer. */
function eventsOf({ db, numberOf, size }: Asked, approval: string): LoggedEvent[] {
  const root = numberOf(approval);
  const chain =
    root === undefined
      ? undefined
      : db.prepare("SELECT key, last FROM log_chains WHERE root = ? AND key IS NOT NULL").get(root);
  if (chain === undefined) return [];
  const key = chain["key"] as Uint8Array;
  const statement = query(db, `SELECT ${LEAF_COLUMNS}, seq, part, before FROM log_events WHERE seq = ?`);
  const events: LoggedEvent[] = [];
  let at = chain["last"] as number | null;
  while (at !== null && events.length < EVENTS_MAX) {
    const columns = statement.get(at) as unknown as readonly [...LeafColumns, number, string, number | null];
    const [chainNumber, n, type, atMs, prev, commitment, seq, part, before] = columns;
    const leaf = leafText(leafOf([chainNumber, n, type, atMs, prev, commitment]));
    // What is not on disk yet is not told.
    if (seq <= size) events.push({ index: seq - 1, leaf, id: approval + part, salt: hex(saltOf(key, n)) });
    at = before;
  }
  return events.toReversed();
}

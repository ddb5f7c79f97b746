/** Whether the index in an engine's file says what the promises say. */
import { creatorOf } from "../approval/creator.ts";
import { childId, KIND_TAG } from "../approval/ids.ts";
import { readNow } from "../approval/limits/last-slot.ts";
import { stored } from "../durable/protocol-client.ts";
import { originOf } from "../protocol/ids.ts";
import type { PromiseRecord } from "../protocol/records.ts";
import { entryOf } from "./derive.ts";
import { dueAtMs, type Entry } from "./entry.ts";
import { keyIn, ORDERS, termsOf } from "./terms.ts";

/** One state of an engine's file. */
export interface View {
  /** Rows of any query, by position. */
  rows(sql: string, ...parameters: (string | number)[]): Iterable<readonly unknown[]>;
  read(id: string): PromiseRecord | undefined;
}

export interface IndexCheck {
  /** `none`: the file has no index. `stale`: it belongs to other promises. `building`: it is being made. */
  readonly state: "none" | "stale" | "building" | "whole";
  /** Approvals that were compared, the newest first. */
  readonly compared: number;
  /** Ids of those that it tells wrongly, or not at all; of approvals that are gone, their numbers. */
  readonly wrong: readonly string[];
}

/** Comparing takes a tenth of a millisecond for each. */
const COMPARED_MAX = 20_000;
const WRONG_MAX = 10;

export function checkIndex(view: View): IndexCheck {
  const { state, putOff } = stateOf(view);
  if (state !== "whole") return { state, compared: 0, wrong: [] };
  const approvals = [
    ...view.rows(
      `SELECT n, id FROM promises WHERE instr(tags, '"${KIND_TAG}":"approval"') > 0 ORDER BY n DESC LIMIT ?`,
      COMPARED_MAX,
    ),
  ].map(([n, id]) => ({ n: Number(n), id: String(id) }));
  const oldest = approvals.length < COMPARED_MAX ? 0 : (approvals.at(-1)?.n ?? 0);
  const wrong: string[] = [];
  const terms = termsFrom(view, oldest);
  let compared = 0;
  for (const { n, id } of approvals) {
    const found = terms.get(n) ?? 0;
    terms.delete(n);
    // The engine knows that it has to make these first.
    if (putOff.has(id)) continue;
    compared += 1;
    if (!isRight(view, n, id, found)) wrong.push(id);
    if (wrong.length === WRONG_MAX) return { state, compared, wrong };
  }
  const gone = view.rows(
    "SELECT n FROM ledger_entries WHERE n NOT IN (SELECT n FROM promises) LIMIT ?",
    WRONG_MAX,
  );
  const left = new Set([...[...gone].map(([n]) => Number(n)), ...terms.keys()]);
  wrong.push(...[...left].slice(0, WRONG_MAX).map((n) => `number ${n}`));
  return { state, compared, wrong };
}

/** How many terms each entry has, of those whose numbers begin here. It goes through all of them once. */
function termsFrom(view: View, oldest: number): Map<number, number> {
  const rows = view.rows("SELECT n, count(*) FROM ledger_terms WHERE n >= ? GROUP BY n", oldest);
  return new Map([...rows].map(([n, count]) => [Number(n), Number(count)]));
}

/** `putOff` has ids of approvals whose rows are yet to be made. */
function stateOf(view: View): { readonly state: IndexCheck["state"]; readonly putOff: ReadonlySet<string> } {
  const none: ReadonlySet<string> = new Set();
  const columns = view.rows("SELECT 1 FROM pragma_table_info('projection') WHERE name = 'put_off'");
  if ([...columns].length === 0) {
    const [table] = view.rows("SELECT 1 FROM sqlite_schema WHERE name = 'projection'");
    return { state: table === undefined ? "none" : "stale", putOff: none };
  }
  const [row] = view.rows(
    "SELECT projection.number = journal.number, built_to, put_off FROM projection, journal",
  );
  if (row?.[0] !== 1) return { state: "stale", putOff: none };
  const putOff = new Set(typeof row[2] === "string" ? (JSON.parse(row[2]) as string[]) : []);
  return { state: row[1] === null ? "whole" : "building", putOff };
}

/** @param terms how many terms it has: a list shows it by each, whether the entry has it or not */
function isRight(view: View, n: number, id: string, terms: number): boolean {
  const root = view.read(id);
  if (root === undefined) return false;
  const children: PromiseRecord[] = [];
  for (
    let child = view.read(childId(id, 0));
    child !== undefined;
    child = view.read(childId(id, children.length))
  ) {
    children.push(child);
  }
  const read = (of: string) => {
    const promise = view.read(of);
    return promise && stored(promise);
  };
  const entry = readNow(entryOf(stored(root), children.map(stored)), read);
  const [row] = view.rows("SELECT entry, creator, created_at, due_at FROM ledger_entries WHERE n = ?", n);
  if (entry === undefined) return row === undefined && terms === 0;
  const creator = creatorOf(root.tags, view.read(originOf(id))?.tags);
  const expected = [JSON.stringify(entry), creator ?? null, Date.parse(entry.createdAt), dueAtMs(entry)];
  return expected.every((value, at) => row?.[at] === value) && hasTerms(view, n, entry, creator, terms);
}

function hasTerms(view: View, n: number, entry: Entry, creator: string | undefined, terms: number): boolean {
  const expected = termsOf(entry, creator);
  const isThere = (term: string, at: number) => {
    const [found] = view.rows("SELECT 1 FROM ledger_terms WHERE term = ? AND at = ? AND n = ?", term, at, n);
    return found !== undefined;
  };
  return (
    terms === ORDERS.reduce((sum, order) => sum + expected[order].length, 0) &&
    ORDERS.every((order) => expected[order].every((term) => isThere(term, keyIn(order, entry))))
  );
}

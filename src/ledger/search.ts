/** Lists in SQLite. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { FieldProblem } from "../lib/errors.ts";
import { cursorOf, type Place, placeIn } from "./cursor.ts";
import type { ListQuery, Range } from "./ledger.ts";
import { CURSOR_RULE } from "./query.ts";
import { dueTerm, EVERY, isListedByDue, type Order, termsOfQuery } from "./terms.ts";

/** What the read model answers: each entry as JSON, which nobody needs to read on the way. */
export type Found =
  | {
      readonly entries: readonly string[];
      readonly nextCursor?: string;
      readonly total?: { readonly count: number; readonly isExact: boolean };
    }
  | { readonly refused: FieldProblem };

export interface Limits {
  /** Entries that are looked at for one page. So the dearest query takes some milliseconds, whatever is stored. */
  readonly lookedAt: number;
  /** Bytes of a page, unless a single entry has more. */
  readonly bytes: number;
}

const LIMITS: Limits = { lookedAt: 2_000, bytes: 4 * 1024 * 1024 };
/** Beyond it, a total is said to be more. */
const TOTAL_MAX = 1_000;

/**
 * Finds a page: goes through the entries of the rarest term in the list's order, and looks up the other terms for each.
 */
export function search(db: DatabaseSync, limits: Limits = LIMITS): (query: ListQuery) => Found {
  const statements = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = db.prepare(sql);
    made.setReturnArrays(true);
    statements.set(sql, made);
    return made;
  };

  return (query) => {
    const start = query.cursor === undefined ? undefined : placeIn(query, query.cursor);
    if (query.cursor !== undefined && start === undefined)
      return { refused: { field: "cursor", message: CURSOR_RULE } };
    const { entries, next } = scan(statement, query, {
      ...limits,
      start,
      found: query.limit,
      withEntries: true,
    });
    return {
      entries,
      ...(next === undefined ? {} : { nextCursor: cursorOf(query, next) }),
      ...(query.total === true ? { total: totalOf(statement, query, limits) } : {}),
    };
  };
}

type Prepare = (sql: string) => StatementSync;

interface Page {
  readonly entries: string[];
  /** How many were found. */
  readonly count: number;
  /** The place of the last entry that was looked at, if there are more. */
  readonly next: Place | undefined;
}

interface Scan extends Limits {
  readonly start?: Place | undefined;
  /** Entries that end it. */
  readonly found: number;
  /** Or only their number. */
  readonly withEntries: boolean;
}

function scan(prepare: Prepare, query: ListQuery, { start, withEntries, ...limits }: Scan): Page {
  const bounds = boundsOf(query, start);
  const { driver, others } = planOf(prepare, query, bounds, limits.lookedAt);
  const { sql, parameters } = selectOf(query, { driver, others, bounds, withEntries });
  const entries: string[] = [];
  let count = 0;
  let looked = 0;
  let bytes = 0;
  let last: Place | undefined;
  for (const columns of prepare(sql).iterate(...parameters)) {
    // One more was there: the page ends before it.
    if (count === limits.found || looked === limits.lookedAt) return { entries, count, next: last };
    const [at, n, entry] = columns as unknown as readonly [number, number, string | number | null];
    if (typeof entry === "string") {
      bytes += Buffer.byteLength(entry);
      if (bytes > limits.bytes && count > 0) return { entries, count, next: last };
      entries.push(entry);
    }
    looked += 1;
    last = [at, n];
    if (entry !== null) count += 1;
  }
  return { entries, count, next: undefined };
}

function totalOf(
  prepare: Prepare,
  query: ListQuery,
  limits: Limits,
): { readonly count: number; readonly isExact: boolean } {
  const { count, next } = scan(prepare, query, { ...limits, found: TOTAL_MAX, withEntries: false });
  return { count, isExact: next === undefined };
}

interface Bounds {
  readonly order: Order;
  /** Where the scan begins, without that place, and the last key that it may reach. */
  readonly start: Place;
  readonly endAt: number;
  /** On the time that is not the list's key. */
  readonly other: Range | undefined;
}

function boundsOf({ sort, created, due }: ListQuery, start: Place | undefined): Bounds {
  const range = sort === "created" ? created : due;
  const from = range?.from ?? Number.MIN_SAFE_INTEGER;
  const before = range?.before ?? Number.MAX_SAFE_INTEGER;
  return sort === "created"
    ? { order: sort, start: start ?? [before, -1], endAt: from, other: due }
    : { order: sort, start: start ?? [from, -1], endAt: before - 1, other: created };
}

interface Plan {
  readonly driver: string;
  /** Looked up for each, in the order `created`. */
  readonly others: readonly string[];
}

/** The rarest term drives. Counting stops where it no longer matters. */
function planOf(prepare: Prepare, query: ListQuery, bounds: Bounds, lookedAtMax: number): Plan {
  const terms = termsOfQuery(query);
  const { order } = bounds;
  const listed = order === "created" ? terms : terms.filter(isListedByDue);
  const inOrder = (term: string) => (order === "created" ? term : dueTerm(term));
  const [only = EVERY, ...more] = listed;
  let driver = only;
  if (more.length > 0) {
    const count = prepare(
      `SELECT count(*) FROM (SELECT 1 FROM ledger_terms WHERE ${whereOf(order)} LIMIT ${lookedAtMax})`,
    );
    let fewest = Number.POSITIVE_INFINITY;
    for (const term of listed) {
      const [entries] = count.get(inOrder(term), ...bounds.start, bounds.endAt) as unknown as [number];
      if (entries < fewest) {
        fewest = entries;
        driver = term;
      }
    }
  }
  // What is in the order `due` is pending.
  const isImplied = (term: string) => term === driver || (order === "due" && term === "s:pending");
  return { driver: inOrder(driver), others: terms.filter((term) => !isImplied(term)) };
}

/** Of the entries from a place on, up to a key. */
function whereOf(order: Order): string {
  return order === "created"
    ? "term = ? AND (at, n) < (?, ?) AND at >= ?"
    : "term = ? AND (at, n) > (?, ?) AND at <= ?";
}

function selectOf(
  query: ListQuery,
  { driver, others, bounds, withEntries }: Plan & { readonly bounds: Bounds; readonly withEntries: boolean },
): { readonly sql: string; readonly parameters: (string | number)[] } {
  const { order, start, endAt, other } = bounds;
  const direction = order === "created" ? "DESC" : "ASC";
  const createdAt = order === "created" ? "t.at" : "(SELECT created_at FROM ledger_entries WHERE n = t.n)";
  const conditions = others.map(
    () => `EXISTS (SELECT 1 FROM ledger_terms WHERE term = ? AND at = ${createdAt} AND n = t.n)`,
  );
  const column = query.sort === "created" ? "due_at" : "created_at";
  if (other?.from !== undefined) conditions.push(`(SELECT ${column} FROM ledger_entries WHERE n = t.n) >= ?`);
  if (other?.before !== undefined)
    conditions.push(`(SELECT ${column} FROM ledger_entries WHERE n = t.n) < ?`);
  const found = withEntries ? "(SELECT entry FROM ledger_entries WHERE n = t.n)" : "1";
  const shown = conditions.length === 0 ? found : `CASE WHEN ${conditions.join(" AND ")} THEN ${found} END`;
  return {
    sql: `SELECT at, n, ${shown} FROM ledger_terms t WHERE ${whereOf(order)} ORDER BY at ${direction}, n ${direction}`,
    parameters: [
      ...others,
      ...(other?.from === undefined ? [] : [other.from]),
      ...(other?.before === undefined ? [] : [other.before]),
      driver,
      ...start,
      endAt,
    ],
  };
}

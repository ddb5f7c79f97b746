/** How a page of a list is found in a database: the plan and the SQL, which all kinds of databases share. */
import type { FieldProblem } from "../lib/errors.ts";
import type { Place } from "./cursor.ts";
import type { ListQuery, Range } from "./ledger.ts";
import { EVERY, isListedByDue, type Order, stands, termIn, termsOfQuery } from "./terms.ts";

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

export const LIMITS: Limits = { lookedAt: 2_000, bytes: 4 * 1024 * 1024 };
/** Of a term with more entries, the reach of so many says how rare it is. */
const COUNTED = 500;
/** Beyond it, a total is said to be more. */
export const TOTAL_MAX = 1_000;

/** A part of a statement: its parameters are the question marks, in their order. */
export interface Part {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

export interface Bounds {
  readonly order: Order;
  /** Where the scan begins, without that place, and the last key that it may reach. */
  readonly start: Place;
  readonly endAt: number;
  /** On times that are not the list's key, by their columns. */
  readonly others: readonly { readonly column: "created_at" | "due_at"; readonly range: Range }[];
}

export function boundsOf(query: ListQuery, start: Place | undefined): Bounds {
  const { sort, stands: standing, created, due } = query;
  const byCreation = on("created_at", created);
  const byDeadline = on("due_at", due);
  if (standing !== undefined) {
    const others = [...byCreation, ...byDeadline];
    return {
      order: "until",
      start: laterOf(start, query.nowMs ?? 0),
      endAt: Number.MAX_SAFE_INTEGER,
      others,
    };
  }
  const range = sort === "created" ? created : due;
  const from = range?.from ?? Number.MIN_SAFE_INTEGER;
  const before = range?.before ?? Number.MAX_SAFE_INTEGER;
  return sort === "created"
    ? { order: sort, start: start ?? [before, -1], endAt: from, others: byDeadline }
    : { order: sort, start: start ?? [from, -1], endAt: before - 1, others: byCreation };
}

/** What stands until now does not any more; and what did when the page before was read may not, either. */
function laterOf(start: Place | undefined, nowMs: number): Place {
  return start !== undefined && start[0] > nowMs ? start : [nowMs, Number.MAX_SAFE_INTEGER];
}

function on(column: Bounds["others"][number]["column"], range: Range | undefined): Bounds["others"] {
  return range === undefined ? [] : [{ column, range }];
}

/** Terms that a list can be gone through by, at least one. The rarest is to be preferred. */
export function driversOf(query: ListQuery, order: Order): readonly [string, ...string[]] {
  if (query.stands !== undefined) return [stands(query.stands)];
  const terms = termsOfQuery(query);
  const [first = EVERY, ...more] = order === "created" ? terms : terms.filter(isListedByDue);
  return [first, ...more];
}

/** Of the entries of a term from a place on, up to a key. */
export function entriesOf(term: string, { order, start, endAt }: Bounds): Part {
  return {
    sql:
      order === "created"
        ? "term = ? AND (at, n) < (?, ?) AND at >= ?"
        : "term = ? AND (at, n) > (?, ?) AND at <= ?",
    parameters: [termIn(order, term), ...start, endAt],
  };
}

/**
 * How rare a term is: the smaller, the rarer. It is the number of its entries, no further than it matters. Of terms with
 * more, the one whose first entries reach further in the list's order is rarer.
 */
export function rarityOf(term: string, bounds: Bounds, { lookedAt }: Limits): Part {
  const { sql, parameters } = entriesOf(term, bounds);
  const most = Math.min(lookedAt, COUNTED);
  const reach = bounds.order === "created" ? "min(at)" : `${Number.MAX_SAFE_INTEGER - most} - max(at)`;
  return {
    sql: `SELECT CASE WHEN count(*) < ${most} THEN count(*) ELSE ${most} + ${reach} END
      FROM (SELECT at FROM ledger_terms WHERE ${sql} ${orderOf(bounds)} LIMIT ${most}) reached`,
    parameters,
  };
}

/** The list's order. */
export function orderOf({ order }: Bounds): string {
  const direction = order === "created" ? "DESC" : "ASC";
  return `ORDER BY at ${direction}, n ${direction}`;
}

/** What else must hold for an entry `t` of the driver; each is true, or else false or null. */
export function conditionsOf(query: ListQuery, driver: string, { order, others }: Bounds): readonly Part[] {
  const createdAt = order === "created" ? "t.at" : "(SELECT created_at FROM ledger_entries WHERE n = t.n)";
  // What is in the order `due` is pending.
  const isImplied = (term: string) =>
    term === driver || term === EVERY || (order === "due" && term === "s:pending");
  const terms = termsOfQuery(query)
    .filter((term) => !isImplied(term))
    // A subquery for one value: databases do not turn it into a join with everything that has the term.
    .map((term) => ({
      sql: `(SELECT true FROM ledger_terms WHERE term = ? AND at = ${createdAt} AND n = t.n)`,
      parameters: [term],
    }));
  const compared = (column: string, sign: string, value: number | undefined) =>
    value === undefined
      ? []
      : [{ sql: `(SELECT ${column} FROM ledger_entries WHERE n = t.n) ${sign} ?`, parameters: [value] }];
  const times = others.flatMap(({ column, range: { from, before } }) => [
    ...compared(column, ">=", from),
    ...compared(column, "<", before),
  ]);
  return [...terms, ...times];
}

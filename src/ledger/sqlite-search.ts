/** Lists in SQLite. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { cursorOf, type Place, placeIn } from "./cursor.ts";
import type { ListQuery } from "./ledger.ts";
import { CURSOR_RULE } from "./query.ts";
import {
  type Bounds,
  boundsOf,
  conditionsOf,
  driversOf,
  entriesOf,
  type Found,
  LIMITS,
  type Limits,
  orderOf,
  type Part,
  rarityOf,
  TOTAL_MAX,
} from "./search-plan.ts";

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
  const driver = rarest(prepare, query, bounds, limits);
  const { sql, parameters } = selectOf(query, driver, bounds, withEntries);
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

function rarest(prepare: Prepare, query: ListQuery, bounds: Bounds, limits: Limits): string {
  const drivers = driversOf(query, bounds.order);
  let [driver] = drivers;
  if (drivers.length === 1) return driver;
  let least = Number.POSITIVE_INFINITY;
  for (const term of drivers) {
    const { sql, parameters } = rarityOf(term, bounds, limits);
    const [rarity] = prepare(sql).get(...parameters) as unknown as [number];
    if (rarity < least) {
      least = rarity;
      driver = term;
    }
  }
  return driver;
}

function selectOf(query: ListQuery, driver: string, bounds: Bounds, withEntries: boolean): Part {
  const where = entriesOf(driver, bounds);
  const conditions = conditionsOf(query, driver, bounds);
  const found = withEntries ? "(SELECT entry FROM ledger_entries WHERE n = t.n)" : "1";
  const all = conditions.map(({ sql }) => sql).join(" AND ");
  const shown = all === "" ? found : `CASE WHEN ${all} THEN ${found} END`;
  return {
    sql: `SELECT at, n, ${shown} FROM ledger_terms t WHERE ${where.sql} ${orderOf(bounds)}`,
    parameters: [...conditions.flatMap(({ parameters }) => parameters), ...where.parameters],
  };
}

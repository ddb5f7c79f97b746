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
  const { sql, parameters } = selectOf(query, { driver, bounds, limits, withEntries });
  const entries: string[] = [];
  let count = 0;
  let bytes = 0;
  let last: Place | undefined;
  for (const columns of prepare(sql).iterate(...parameters)) {
    // One more was there: the page ends before it.
    if (count === limits.found) return { entries, count, next: last };
    const [at, n, entry] = columns as unknown as readonly [number, number, string];
    if (withEntries) {
      bytes += Buffer.byteLength(entry);
      if (bytes > limits.bytes && count > 0) return { entries, count, next: last };
      entries.push(entry);
    }
    last = [at, n];
    count += 1;
  }
  return { entries, count, next: edgeOf(prepare, driver, bounds, limits) };
}

/** The place of the last entry that may be looked at, if there is one more. */
function edgeOf(prepare: Prepare, driver: string, bounds: Bounds, { lookedAt }: Limits): Place | undefined {
  const { sql, parameters } = entriesOf(driver, bounds);
  const [edge, more] = prepare(
    `SELECT at, n FROM ledger_terms WHERE ${sql} ${orderOf(bounds)} LIMIT 2 OFFSET ${lookedAt - 1}`,
  ).all(...parameters) as unknown as readonly Place[];
  return more && edge;
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

/** Only matches come out of the database: each row that does costs as much as one that is looked up. */
function selectOf(
  query: ListQuery,
  {
    driver,
    bounds,
    limits,
    withEntries,
  }: {
    readonly driver: string;
    readonly bounds: Bounds;
    readonly limits: Limits;
    readonly withEntries: boolean;
  },
): Part {
  const where = entriesOf(driver, bounds);
  const conditions = conditionsOf(query, driver, bounds);
  const order = orderOf(bounds);
  const entry = withEntries ? "(SELECT entry FROM ledger_entries WHERE n = t.n)" : "''";
  const all = conditions.map(({ sql }) => sql).join(" AND ");
  return {
    // SQLite knows that the rows are in this order, and makes them one by one.
    sql: `SELECT at, n, ${entry} FROM (SELECT at, n FROM ledger_terms WHERE ${where.sql} ${order} LIMIT ${limits.lookedAt}) t
      ${all === "" ? "" : `WHERE ${all}`} ${order}`,
    parameters: [...where.parameters, ...conditions.flatMap(({ parameters }) => parameters)],
  };
}

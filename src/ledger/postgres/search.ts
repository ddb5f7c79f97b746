/** Lists in PostgreSQL. */
import { cursorOf, type Place, placeIn } from "../cursor.ts";
import type { ListQuery } from "../ledger.ts";
import { CURSOR_RULE } from "../query.ts";
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
} from "../search-plan.ts";
import type { Database } from "./database.ts";
import { storableText } from "./text.ts";

/**
 * Finds a page in two statements at most: their plans are the same whatever the tables hold.
 *
 * @param limits of a page; tests have smaller ones
 */
export async function search(
  database: Pick<Database, "rows">,
  query: ListQuery,
  limits: Limits = LIMITS,
): Promise<Found> {
  const start = query.cursor === undefined ? undefined : placeIn(query, query.cursor);
  if (query.cursor !== undefined && start === undefined)
    return { refused: { field: "cursor", message: CURSOR_RULE } };
  const { entries, next } = await scan(database, query, {
    ...limits,
    start,
    found: query.limit,
    withEntries: true,
  });
  return {
    entries,
    ...(next === undefined ? {} : { nextCursor: cursorOf(query, next) }),
    ...(query.total === true ? { total: await totalOf(database, query, limits) } : {}),
  };
}

interface Page {
  readonly entries: readonly string[];
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

async function totalOf(database: Pick<Database, "rows">, query: ListQuery, limits: Limits) {
  const { count, next } = await scan(database, query, { ...limits, found: TOTAL_MAX, withEntries: false });
  return { count, isExact: next === undefined };
}

type Match = readonly [at: number, n: number, entry: string];

async function scan(database: Pick<Database, "rows">, query: ListQuery, limits: Scan): Promise<Page> {
  const bounds = boundsOf(query, limits.start);
  const driver = await rarest(database, query, bounds, limits);
  const { sql, parameters } = selectOf(query, driver, bounds, limits);
  const matches: Match[] = [];
  const edge: Place[] = [];
  for (const [at, n, entry, isEdge] of await database.rows(sql, parameters)) {
    if (isEdge === true) edge.push([Number(at), Number(n)]);
    else matches.push([Number(at), Number(n), String(entry)]);
  }
  // PostgreSQL keeps the order of what it goes through, but does not promise it.
  matches.sort(
    bounds.order === "created" ? (a, b) => b[0] - a[0] || b[1] - a[1] : (a, b) => a[0] - b[0] || a[1] - b[1],
  );
  const shown = matches.slice(0, fitting(matches, limits));
  const last = shown.at(-1);
  // One more was found; or no more was looked at, although there was one.
  const next = matches.length > shown.length && last !== undefined ? placeOf(last) : edge[1] && edge[0];
  return { entries: shown.map(([, , entry]) => entry), count: shown.length, next };
}

/** How many matches are on the page, at least one. */
function fitting(matches: readonly Match[], limits: Scan): number {
  let bytes = 0;
  const tooLarge = matches.findIndex(([, , entry], at) => {
    bytes += Buffer.byteLength(entry);
    return at > 0 && bytes > limits.bytes;
  });
  return Math.min(limits.found, tooLarge === -1 ? matches.length : tooLarge);
}

function placeOf([at, n]: Match): Place {
  return [at, n];
}

/** The rarest term: one statement looks at all of them. */
async function rarest(
  database: Pick<Database, "rows">,
  query: ListQuery,
  bounds: Bounds,
  limits: Limits,
): Promise<string> {
  const drivers = driversOf(query, bounds.order);
  if (drivers.length === 1) return drivers[0];
  const rarities = drivers.map((term) => rarityOf(term, bounds, limits));
  const { sql, parameters } = numbered({
    sql: `SELECT ${rarities.map((rarity) => `(${rarity.sql})`).join(", ")}`,
    parameters: rarities.flatMap((rarity) => rarity.parameters),
  });
  const [row = []] = await database.rows(sql, parameters);
  const least = Math.min(...row.map(Number));
  return drivers[row.findIndex((rarity) => Number(rarity) === least)] ?? drivers[0];
}

/**
 * Each row: key, number, entry, and whether it is no match but the edge: of what is looked at the last one, and the one
 * after it. All of one statement see the same moment, so nothing gets between a page and its edge.
 */
function selectOf(
  query: ListQuery,
  driver: string,
  bounds: Bounds,
  { found, lookedAt, withEntries }: Scan,
): Part {
  const where = entriesOf(driver, bounds);
  const conditions = conditionsOf(query, driver, bounds);
  const order = orderOf(bounds);
  const looked = `SELECT at, n FROM ledger_terms WHERE ${where.sql} ${order}`;
  const entry = withEntries ? "(SELECT entry FROM ledger_entries WHERE n = t.n)" : "''";
  if (conditions.length === 0) {
    return numbered({
      sql: `SELECT at, n, ${entry}, false FROM (${looked} LIMIT ${found + 1}) t ${order}`,
      parameters: where.parameters,
    });
  }
  return numbered({
    sql: `WITH looked AS MATERIALIZED (${looked} LIMIT ${lookedAt + 1}),
            within AS (SELECT at, n FROM looked LIMIT ${lookedAt})
          (SELECT at, n, ${entry}, false FROM within t WHERE ${conditions.map(({ sql }) => sql).join(" AND ")} LIMIT ${found + 1})
          UNION ALL (SELECT at, n, '', true FROM looked OFFSET ${lookedAt - 1})`,
    parameters: [...where.parameters, ...conditions.flatMap(({ parameters }) => parameters)],
  });
}

/** As PostgreSQL writes parameters: `$1`, `$2`, … */
function numbered({ sql, parameters }: Part): Part {
  let n = 0;
  return {
    sql: sql.replaceAll("?", () => {
      n += 1;
      return `$${n}`;
    }),
    parameters: parameters.map((value) => (typeof value === "string" ? storableText(value) : value)),
  };
}

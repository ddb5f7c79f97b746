/** Whether the index in PostgreSQL says what the promises say. */
import { setTimeout } from "node:timers/promises";

import { dueAtMs } from "../entry.ts";
import { termsOf } from "../terms.ts";
import { type Database } from "./database.ts";
import { type Promises, type Reading, readApproval } from "./reading.ts";
import { SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { readState } from "./state.ts";
import { storableText } from "./text.ts";

export interface IndexExamination {
  /** `empty`: there are no tables. `old`, `newer`: of another version of the program. `building`: it is not whole yet. */
  readonly state: "empty" | "old" | "newer" | "building" | "whole";
  readonly schema: number;
  readonly approvals: number;
  /** Marks of changes that are not written yet, and how old the oldest is. */
  readonly marks: { readonly number: number; readonly oldestMs: number };
  /** Approvals that were compared with their promises: the newest, and those with the next deadlines. */
  readonly compared: number;
  /** Ids of those that it tells wrongly. */
  readonly wrong: readonly string[];
}

/** Each takes about ten requests to the server. */
const COMPARED_MAX = 500;
const READ_AT_ONCE = 8;
const WRONG_MAX = 10;
/** A row may be as old as the last change, which is being written. */
const TRIES = 3;
const TRY_MS = 500;

export async function examine(database: Database, promises: Promises): Promise<IndexExamination> {
  const schema = await schemaVersion(database);
  const nothing = { schema, approvals: 0, marks: { number: 0, oldestMs: 0 }, compared: 0, wrong: [] };
  if (schema === 0) return { ...nothing, state: "empty" };
  if (schema !== SCHEMA_VERSION) return { ...nothing, state: schema < SCHEMA_VERSION ? "old" : "newer" };
  const { isBuilt } = await readState(database);
  const [counts = []] = await database.rows(
    `SELECT (SELECT count(*) FROM ledger_entries), count(*),
       coalesce(extract(epoch FROM clock_timestamp() - min(at)) * 1000, 0) FROM ledger_marks`,
  );
  const [approvals = 0, number = 0, oldestMs = 0] = counts.map(Number);
  const marks = { number, oldestMs: Math.round(oldestMs) };
  if (!isBuilt) return { ...nothing, state: "building", approvals, marks };
  const rows = await database.rows(
    `(SELECT id FROM ledger_entries ORDER BY n DESC LIMIT $1)
     UNION (SELECT id FROM ledger_entries WHERE look_at IS NOT NULL ORDER BY look_at LIMIT $1)`,
    [COMPARED_MAX / 2],
  );
  const ids = rows.map(([id]) => String(id));
  let wrong = await wrongOf(database, promises, ids);
  for (let tries = 1; tries < TRIES && wrong.length > 0; tries += 1) {
    await setTimeout(TRY_MS);
    wrong = await wrongOf(database, promises, wrong);
  }
  return { state: "whole", schema, approvals, marks, compared: ids.length, wrong: wrong.slice(0, WRONG_MAX) };
}

interface Row {
  readonly n: number;
  readonly entry: string;
  readonly creator: string | undefined;
  /** Each as `term at`. */
  readonly terms: ReadonlySet<string>;
}

async function wrongOf(database: Database, promises: Promises, ids: readonly string[]): Promise<string[]> {
  const rows = await rowsOf(database, ids);
  const wrong: string[] = [];
  for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
    const some = ids.slice(at, at + READ_AT_ONCE);
    const readings = await Promise.all(some.map((id) => readApproval(promises, id)));
    wrong.push(...some.filter((id, i) => !isRight(rows.get(id), readings[i])));
  }
  return wrong;
}

async function rowsOf(database: Database, ids: readonly string[]): Promise<ReadonlyMap<string, Row>> {
  const rows = await database.rows("SELECT id, n, entry, creator FROM ledger_entries WHERE id = ANY($1)", [
    ids,
  ]);
  const terms = new Map(rows.map(([, n]) => [Number(n), new Set<string>()]));
  // Goes through all terms once, since none is found by its row.
  const found = await database.rows("SELECT n, term, at FROM ledger_terms WHERE n = ANY($1)", [
    [...terms.keys()],
  ]);
  for (const [n, term, at] of found) terms.get(Number(n))?.add(`${String(term)} ${String(at)}`);
  return new Map(
    rows.map(([id, n, entry, creator]) => [
      String(id),
      {
        n: Number(n),
        entry: String(entry),
        creator: typeof creator === "string" ? creator : undefined,
        terms: terms.get(Number(n)) ?? new Set(),
      },
    ]),
  );
}

function isRight(row: Row | undefined, reading: Reading | undefined): boolean {
  if (row === undefined || reading === undefined) return row === reading;
  const { entry, creator } = reading;
  if (row.entry !== JSON.stringify(entry) || row.creator !== creator) return false;
  const { created, due } = termsOf(entry, creator);
  const expected = new Set([
    ...created.map((term) => `${storableText(term)} ${Date.parse(entry.createdAt)}`),
    ...due.map((term) => `${storableText(term)} ${dueAtMs(entry)}`),
  ]);
  return row.terms.size === expected.size && [...expected].every((term) => row.terms.has(term));
}

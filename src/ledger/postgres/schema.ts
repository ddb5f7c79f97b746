/** The tables of the index in PostgreSQL, and how they come to be what this program expects. */
import type { Client, Database } from "./database.ts";
import { rowsOf } from "./database.ts";

/**
 * Each once, in this order, for good: what has been released is never changed. A migration that changes what rows are made
 * of ends with `TRUNCATE ledger_entries, ledger_terms` and `UPDATE ledger_state SET built_at = NULL`: then they are made
 * again.
 *
 * Texts are compared by their bytes, so that order and equality do not depend on the database's locale.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE ledger_entries (
     n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     id TEXT COLLATE "C" NOT NULL UNIQUE,
     version BIGINT NOT NULL,
     look_at BIGINT,
     created_at BIGINT NOT NULL,
     due_at BIGINT NOT NULL,
     creator TEXT,
     entry TEXT NOT NULL
   );
   CREATE INDEX ledger_entries_look_at ON ledger_entries (look_at) WHERE look_at IS NOT NULL;
   CREATE TABLE ledger_terms (
     term TEXT COLLATE "C" NOT NULL,
     at BIGINT NOT NULL,
     n BIGINT NOT NULL,
     PRIMARY KEY (term, at, n)
   );
   CREATE TABLE ledger_marks (
     subject TEXT COLLATE "C" NOT NULL,
     token TEXT COLLATE "C" NOT NULL,
     at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (subject, token)
   );
   CREATE INDEX ledger_marks_at ON ledger_marks (at);
   CREATE TABLE ledger_state (
     one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
     built_at TIMESTAMPTZ,
     done BIGINT NOT NULL DEFAULT 0,
     swept_at TIMESTAMPTZ,
     sweep_wanted_at TIMESTAMPTZ,
     keeper TEXT,
     kept_until TIMESTAMPTZ
   );
   INSERT INTO ledger_state DEFAULT VALUES`,
  // Lists by deadline are in the order of the next one, which may be that of a stage.
  `TRUNCATE ledger_entries, ledger_terms;
   UPDATE ledger_state SET built_at = NULL, done = 0`,
  // A UUID is one word.
  `TRUNCATE ledger_entries, ledger_terms;
   UPDATE ledger_state SET built_at = NULL, done = 0`,
  // What stands is listed by the time until which it does.
  `TRUNCATE ledger_entries, ledger_terms;
   UPDATE ledger_state SET built_at = NULL, done = 0`,
];

/** What this program's tables are. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The tables belong to another version of this program; the message says which, and what to do. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
}

/** Of all that migrate at once, one does; the others find it done. Any number that nobody else uses. */
const LOCK = 4_717_352_111;

/**
 * Brings the tables up to date, one transaction for each step.
 *
 * @returns the version that was there before
 * @throws SchemaError if a newer program has made them
 */
export async function migrate(database: Database): Promise<number> {
  let first: number | undefined;
  for (;;) {
    const found = await database.transaction(async (client) => {
      await rowsOf(client, "SELECT pg_advisory_xact_lock($1)", [LOCK]);
      // An operator may have made the tables for a program that may not create any.
      if ((await versionIn(client)) === 0) {
        await client.query(
          "CREATE TABLE IF NOT EXISTS ledger_migrations (version INTEGER PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now())",
        );
      }
      const version = await versionIn(client);
      assertNotNewer(version);
      const next = MIGRATIONS[version];
      if (next === undefined) return version;
      await client.query(next);
      await rowsOf(client, "INSERT INTO ledger_migrations (version) VALUES ($1)", [version + 1]);
      return version;
    });
    first ??= found;
    if (found === SCHEMA_VERSION) return first;
  }
}

/** 0: there are no tables yet. */
export async function schemaVersion(database: Database): Promise<number> {
  return await database.transaction(versionIn);
}

/** Part of a statement: the version that the tables are of. */
export const VERSION_NOW = "(SELECT max(version) FROM ledger_migrations)";

/**
 * Another program may bring the tables up to date while this one runs, so each writer checks the version in its own transaction.
 *
 * @throws SchemaError
 */
export async function assertSchema(client: Client): Promise<void> {
  const [row] = await rowsOf(client, `SELECT ${VERSION_NOW}`);
  assertVersion(row?.[0]);
}

/** @throws SchemaError */
export function assertVersion(found: unknown): void {
  const version = Number(found);
  assertNotNewer(version);
  if (version !== SCHEMA_VERSION)
    throw new SchemaError(`the tables are of version ${version}; this program needs ${SCHEMA_VERSION}`);
}

/** @throws SchemaError */
function assertNotNewer(version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new SchemaError(
    `a newer version of Countersign has made its tables (version ${version}; this one knows ${SCHEMA_VERSION}). Update this program`,
  );
}

async function versionIn(client: Client): Promise<number> {
  const [there] = await rowsOf(client, "SELECT to_regclass('ledger_migrations') IS NOT NULL");
  if (there?.[0] !== true) return 0;
  const [row] = await rowsOf(client, "SELECT coalesce(max(version), 0) FROM ledger_migrations");
  return Number(row?.[0]);
}

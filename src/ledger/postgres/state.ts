/** The one row that says how far the index is, and which process looks after it. */
import type { Database } from "./database.ts";
import { assertVersion, SCHEMA_VERSION, VERSION_NOW } from "./schema.ts";

export interface IndexState {
  /** Whether it has been made whole once. Until then nobody reads it. */
  readonly isBuilt: boolean;
  /** Approvals that were read so far, while it is made. */
  readonly done: number;
  readonly isSweepDue: boolean;
}

/** How long everything may go without being compared. */
const SWEEP_EVERY = "1 day";
/** For so long a process looks after the index without another sign of life. */
const KEPT = "30 seconds";

const STATE = `built_at IS NOT NULL, done,
  swept_at IS NULL OR swept_at < clock_timestamp() - interval '${SWEEP_EVERY}' OR coalesce(swept_at <= sweep_wanted_at, false)`;

/** @throws SchemaError */
export async function readState(database: Pick<Database, "rows">): Promise<IndexState> {
  const [row = []] = await database.rows(`SELECT ${STATE}, ${VERSION_NOW} FROM ledger_state`);
  assertVersion(row[3]);
  return stateOf(row);
}

/**
 * Takes over the index, or goes on with it; undefined if another process looks after it, or has brought the tables to
 * another version.
 */
export async function keep(database: Database, name: string): Promise<IndexState | undefined> {
  const [row] = await database.rows(
    `UPDATE ledger_state SET keeper = $1, kept_until = clock_timestamp() + interval '${KEPT}'
     WHERE (keeper = $1 OR kept_until IS NULL OR kept_until < clock_timestamp()) AND ${VERSION_NOW} = $2
     RETURNING ${STATE}`,
    [name, SCHEMA_VERSION],
  );
  return row && stateOf(row);
}

/** Lets another process look after it at once. */
export async function letGo(database: Database, name: string): Promise<void> {
  await database.rows("UPDATE ledger_state SET kept_until = NULL WHERE keeper = $1", [name]);
}

/** Deletes all rows and takes over the index, even from a keeper that still has it. */
export async function empty(database: Database, name: string): Promise<void> {
  await database.transaction(async (client) => {
    await client.query("TRUNCATE ledger_entries, ledger_terms");
    await client.query(
      `UPDATE ledger_state SET built_at = NULL, done = 0, keeper = $1, kept_until = clock_timestamp() + interval '${KEPT}'`,
      [name],
    );
  });
}

export async function wantSweep(database: Database): Promise<void> {
  await database.rows("UPDATE ledger_state SET sweep_wanted_at = clock_timestamp()");
}

/** The time of PostgreSQL, as it writes it. */
export async function timeOf(database: Database): Promise<string> {
  const [row] = await database.rows("SELECT clock_timestamp()::text");
  return String(row?.[0]);
}

export async function noteDone(database: Database, done: number): Promise<void> {
  await database.rows("UPDATE ledger_state SET done = $1", [done]);
}

/** @param beganAt from `timeOf`: what is wanted after that is done by the next sweep */
export async function noteSwept(database: Database, name: string, beganAt: string): Promise<void> {
  await database.rows(
    "UPDATE ledger_state SET swept_at = $2::timestamptz, built_at = coalesce(built_at, clock_timestamp()) WHERE keeper = $1",
    [name, beganAt],
  );
}

function stateOf([isBuilt, done, isSweepDue]: readonly unknown[]): IndexState {
  return { isBuilt: isBuilt === true, done: Number(done), isSweepDue: isSweepDue === true };
}

/** The read model in PostgreSQL, as gateways and commands ask it. */
import { ServiceError } from "../../lib/errors.ts";
import { pageOf } from "../found.ts";
import type { Ledger } from "../ledger.ts";
import { type Database, sqlState } from "./database.ts";
import type { Feeder } from "./feeder.ts";
import { SchemaError } from "./schema.ts";
import { search } from "./search.ts";
import { readState } from "./state.ts";

/** What this process has changed is written within milliseconds; a list waits no longer for it. */
const SETTLED_MS = 1_000;

/**
 * What this process has changed before is in the lists that it answers. What others change is there within moments.
 *
 * @param ready see `FeederOptions`
 */
export function postgresLedger(
  database: Database,
  feeder: Pick<Feeder, "settled">,
  ready: () => Promise<void>,
): Ledger {
  return {
    async list(query) {
      try {
        await ready();
        await feeder.settled(SETTLED_MS);
        const [{ isBuilt, done }, found] = await Promise.all([readState(database), search(database, query)]);
        if (!isBuilt) throw unavailable(`the index is being made, ${done} approvals are in it`);
        return pageOf(found);
      } catch (error) {
        if (error instanceof ServiceError) throw error;
        throw unavailable(reasonOf(error), error);
      }
    },
  };
}

function unavailable(reason: string, cause?: unknown): ServiceError {
  return new ServiceError("INDEX_UNAVAILABLE", `Cannot list approvals: ${reason}`, { cause });
}

function reasonOf(error: unknown): string {
  if (error instanceof SchemaError) return `in the database of INDEX_URL, ${error.message}`;
  return sqlState(error) === undefined
    ? "the database of INDEX_URL cannot be reached"
    : "the database of INDEX_URL refuses the query";
}

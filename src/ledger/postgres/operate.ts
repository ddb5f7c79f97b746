/** What operators do to the index in PostgreSQL, whether or not the service runs. */
import type { Network } from "@resonatehq/sdk";
import { createDurable } from "../../durable/resonate.ts";
import { ServiceError } from "../../lib/errors.ts";
import { examine, type IndexExamination } from "./check.ts";
import { openDatabase, sqlState } from "./database.ts";
import type { FeedLog } from "./feed-log.ts";
import { migrate, SCHEMA_VERSION, SchemaError } from "./schema.ts";
import { empty, letGo } from "./state.ts";
import { sweep } from "./sweep.ts";

export interface IndexOperator {
  /** Brings the tables up to date. */
  migrate(): Promise<{ readonly from: number; readonly to: number }>;
  /**
   * Makes the index again, of nothing but the promises. While it runs, lists answer 503, and everything else goes on.
   *
   * @returns approvals that could not be put in
   */
  rebuild(): Promise<{ readonly leftOut: readonly string[] }>;
  examine(): Promise<IndexExamination>;
  close(): Promise<void>;
}

interface OperatorOptions {
  readonly url: string;
  readonly network: Network;
  /** Of this process, and of no other. */
  readonly name: string;
}

/** Every method throws a ServiceError INDEX_UNAVAILABLE that says what is wrong with the database. */
export function operateIndex({ url, network, name }: OperatorOptions): IndexOperator {
  const database = openDatabase(url);
  const promises = createDurable(network);
  return {
    migrate: () => said(async () => ({ from: await migrate(database), to: SCHEMA_VERSION })),
    rebuild: () =>
      said(async () => {
        await migrate(database);
        await empty(database, name);
        const leftOut: string[] = [];
        const parts = { database, promises, network, name, log: collecting(leftOut) };
        try {
          const isWhole = await sweep(parts, { isMaking: true, isHurried: true });
          if (!isWhole)
            throw new ServiceError("INDEX_UNAVAILABLE", "Another process has taken over the index");
        } finally {
          await letGo(database, name);
        }
        return { leftOut };
      }),
    examine: () => said(() => examine(database, promises)),
    async close() {
      await database.close();
      await promises.stop();
    },
  };
}

function collecting(leftOut: string[]): FeedLog {
  return {
    isAway: () => {},
    isWell: () => {},
    cannotCompare: () => {},
    leftOut: (id) => leftOut.push(id),
  };
}

async function said<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError("INDEX_UNAVAILABLE", `Cannot use the database of INDEX_URL: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SchemaError) return error.message;
  const text =
    error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error);
  const state = sqlState(error);
  return state === undefined ? text : `${text} (SQLSTATE ${state})`;
}

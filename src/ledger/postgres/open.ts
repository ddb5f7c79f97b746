/** The index in PostgreSQL, put together for one process. */
import type { Network } from "@resonatehq/sdk";
import { createDurable } from "../../durable/resonate.ts";
import type { Logger } from "../../lib/log.ts";
import type { Ledger } from "../ledger.ts";
import { type Database, openDatabase, sqlState } from "./database.ts";
import { type FeedLog, feedLog } from "./feed-log.ts";
import { Feeder } from "./feeder.ts";
import { postgresLedger } from "./ledger.ts";
import { migrate, SchemaError } from "./schema.ts";
import { startUpkeep } from "./upkeep.ts";
import { watch } from "./watch.ts";

export interface PostgresIndex {
  readonly ledger: Ledger;
  /** Has what goes through this network feed the index. Changes the network and returns it. */
  watch<N extends Network>(network: N): N;
  /** Writes what is left. */
  stop(): Promise<void>;
}

export interface IndexOptions {
  /** `postgres://…` */
  readonly url: string;
  /** To read promises by: not one that is watched. */
  readonly network: Network;
  /** Of this process, and of no other. */
  readonly name: string;
  readonly log: Pick<Logger, "warn" | "info" | "error">;
  /** Whether this process may look after the index, as those do that run for long. */
  readonly isLasting: boolean;
  /** Milliseconds between two looks after the index: see `UpkeepOptions`. */
  readonly everyMs?: number;
}

/** Changes that are left when the process is told to stop are written within this time, or found by another. */
const STOP_MS = 3_000;
/** Then PostgreSQL, which may not answer at all, has a second more. */
const CUT_MS = 1_000;

/** What feeds and looks after the index has connections of its own, so that no crowd of readers keeps it waiting. */
const FEED_CONNECTIONS = 3;

/** Connects when it is first needed: PostgreSQL may come and go. */
export function openIndex({ url, network, name, log, isLasting, everyMs }: IndexOptions): PostgresIndex {
  const lists = openDatabase(url);
  const feeding = openDatabase(url, FEED_CONNECTIONS);
  const promises = createDurable(network);
  const said: FeedLog = feedLog(log);
  let migrated: Promise<unknown> | undefined;
  const ready = async (): Promise<void> => {
    migrated ??= migrate(feeding).catch((error: unknown) => {
      migrated = undefined;
      throw error;
    });
    await migrated;
  };
  const database = noticing(feeding, () => {
    migrated = undefined;
  });
  const parts = { database, promises, name, log: said, ready };
  const feeder = new Feeder(parts);
  const upkeep = isLasting
    ? startUpkeep({ ...parts, network, feeder, ...(everyMs === undefined ? {} : { everyMs }) })
    : undefined;
  return {
    ledger: postgresLedger(lists, feeder, ready),
    watch: (watched) => watch(watched, feeder),
    async stop() {
      const cut = setTimeout(() => {
        lists.cut();
        feeding.cut();
      }, STOP_MS + CUT_MS);
      await Promise.all([upkeep?.stop(), feeder.stop(STOP_MS)]);
      await Promise.all([lists.close(), feeding.close()]);
      clearTimeout(cut);
      await promises.stop();
    },
  };
}

/** The same, and calls `isChanged` when the tables turn out to be others than those that were found. */
function noticing(database: Database, isChanged: () => void): Database {
  const notice = (error: unknown): never => {
    // Tables that are gone have such a state.
    if (error instanceof SchemaError || sqlState(error) === "42P01") isChanged();
    throw error;
  };
  return {
    ...database,
    rows: (sql, parameters) => database.rows(sql, parameters).catch(notice),
    transaction: (work) => database.transaction(work).catch(notice),
  };
}

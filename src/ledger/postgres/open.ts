/** The index in PostgreSQL, put together for one process. */
import type { Network } from "@resonatehq/sdk";
import { createDurable } from "../../durable/resonate.ts";
import type { Logger } from "../../lib/log.ts";
import type { Ledger } from "../ledger.ts";
import { openDatabase } from "./database.ts";
import { type FeedLog, feedLog } from "./feed-log.ts";
import { Feeder } from "./feeder.ts";
import { postgresLedger } from "./ledger.ts";
import { migrate } from "./schema.ts";
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

/** Connects when it is first needed: PostgreSQL may come and go. */
export function openIndex({ url, network, name, log, isLasting, everyMs }: IndexOptions): PostgresIndex {
  const database = openDatabase(url);
  const promises = createDurable(network);
  const said: FeedLog = feedLog(log);
  let migrated: Promise<unknown> | undefined;
  const ready = async (): Promise<void> => {
    migrated ??= migrate(database).catch((error: unknown) => {
      migrated = undefined;
      throw error;
    });
    await migrated;
  };
  const parts = { database, promises, name, log: said, ready };
  const feeder = new Feeder(parts);
  const upkeep = isLasting
    ? startUpkeep({ ...parts, network, feeder, ...(everyMs === undefined ? {} : { everyMs }) })
    : undefined;
  return {
    ledger: postgresLedger(database, feeder, ready),
    watch: (watched) => watch(watched, feeder),
    async stop() {
      const cut = setTimeout(() => database.cut(), STOP_MS + CUT_MS);
      await Promise.all([upkeep?.stop(), feeder.stop(STOP_MS)]);
      await database.close();
      clearTimeout(cut);
      await promises.stop();
    },
  };
}

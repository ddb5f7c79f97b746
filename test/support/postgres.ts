/** A PostgreSQL of a test file's own: a private cluster on a free port, made by Debian's package `postgresql`. */
import { Client } from "pg";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { type RunningCluster, startCluster } from "./postgres-cluster.ts";

export interface Cluster {
  /** Of an empty database that is gone when the test is over. */
  newDatabase(): Promise<string>;
  stop(mode?: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
}

/** For all tests of a file; call it at the file's top. */
export function withPostgres(): Cluster {
  let cluster: RunningCluster | undefined;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster?.remove());
  const running = (): RunningCluster => {
    if (cluster === undefined) throw new Error("PostgreSQL has not been started");
    return cluster;
  };
  let databases = 0;
  return {
    async newDatabase() {
      databases += 1;
      const name = `test${databases}`;
      await query(running().url("postgres"), `CREATE DATABASE ${name}`);
      onTestFinished(async () => {
        await query(running().url("postgres"), `DROP DATABASE ${name} WITH (FORCE)`);
      });
      return running().url(name);
    },
    stop: (mode) => running().stop(mode),
    start: () => running().start(),
  };
}

/** Rows of one statement on a connection of its own. */
export async function query(url: string, sql: string, parameters: unknown[] = []): Promise<unknown[][]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, values: parameters, rowMode: "array" });
    return rows;
  } finally {
    await client.end();
  }
}

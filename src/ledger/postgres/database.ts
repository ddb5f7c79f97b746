/** The way to PostgreSQL: a pool of connections, and whether it is there. */
import { type ClientBase, DatabaseError, Pool, type PoolClient } from "pg";

export type Client = Pick<ClientBase, "query">;

export interface Database {
  /** Rows of one statement, each a list of its columns. Big numbers come as text. */
  rows(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Runs `work` in a transaction; an error undoes it. */
  transaction<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** Waits for statements under way. */
  close(): Promise<void>;
  /** From now on all statements fail, also those under way. */
  cut(): void;
}

/** Columns in the order of the statement. */
export type Row = readonly unknown[];

/** Connections of one pool. */
const CONNECTIONS = 4;
/** A list should say soon that the index is away. */
const CONNECT_MS = 2_000;
/** Every statement takes milliseconds, but for the deletion of all rows, which waits for others. */
const STATEMENT_MS = 20_000;

/** Connects when it is first asked. Errors are those of `pg`. */
export function openDatabase(url: string, connections = CONNECTIONS): Database {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    // Also of a server that does not answer at all.
    query_timeout: STATEMENT_MS + CONNECT_MS,
    application_name: "countersign",
    // A process with nothing left to do may end.
    allowExitOnIdle: true,
  });
  // A connection that breaks while nobody uses it, or between two statements: the next one says what is wrong. Unheard, the
  // event would end the process.
  pool.on("error", () => {});
  const clients = new Set<PoolClient>();
  pool.on("connect", (client) => {
    clients.add(client);
    client.on("error", () => {});
    client.on("end", () => clients.delete(client));
  });
  let isCut = false;
  const assertUncut = (): void => {
    if (isCut) throw new Error("The connections to PostgreSQL were cut");
  };
  return {
    async rows(sql, parameters) {
      assertUncut();
      return await rowsOf(pool, sql, parameters);
    },
    async transaction(work) {
      assertUncut();
      const client = await pool.connect();
      let fault: Error | undefined;
      try {
        await client.query("BEGIN");
        const result = await work(client);
        await client.query("COMMIT");
        return result;
      } catch (error) {
        fault = error instanceof Error ? error : new Error(String(error));
        throw error;
      } finally {
        // A connection whose transaction failed is closed, which undoes it whatever state it is in.
        client.release(fault);
      }
    },
    close: () => pool.end(),
    cut() {
      isCut = true;
      // With a statement under way, this breaks the connection.
      for (const client of clients)
        void (client as unknown as { end(): Promise<void> }).end().catch(() => {});
    },
  };
}

export async function rowsOf(
  client: Client | Pool,
  text: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const { rows } = await client.query<unknown[]>({ text, values: [...parameters], rowMode: "array" });
  return rows;
}

/** What PostgreSQL itself says of a statement that it refuses (SQLSTATE); undefined for a broken connection. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

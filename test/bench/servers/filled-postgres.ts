/** A PostgreSQL of its own with the same approvals and their index, by the tables and terms of the product. */
import { Client } from "pg";
import { type Database, openDatabase } from "../../../src/ledger/postgres/database.ts";
import { migrate } from "../../../src/ledger/postgres/schema.ts";
import { keyIn, ORDERS, termsOf } from "../../../src/ledger/terms.ts";
import { startCluster } from "../../support/postgres-cluster.ts";
import { type FilledApproval, filledApprovals } from "./filled-index.ts";

export interface FilledPostgres {
  readonly database: Database;
  bytes(): Promise<number>;
  remove(): Promise<void>;
}

/** As SQLite's file, it need not outlive the machine. Memory as one gives a small database. */
const SETTINGS = [
  "fsync=off",
  "full_page_writes=off",
  "autovacuum=off",
  "shared_buffers=256MB",
  "max_wal_size=8GB",
];
const ROWS_AT_ONCE = 2_000;

export async function fillPostgres(dir: string, approvals: number, nowMs: number): Promise<FilledPostgres> {
  const cluster = await startCluster(SETTINGS, dir);
  const database = openDatabase(cluster.url("postgres"));
  await migrate(database);
  // It takes longer than the service lets a statement take.
  const filler = new Client({ connectionString: cluster.url("postgres") });
  await filler.connect();
  // An index is made in a fraction of the time when the rows are there.
  await filler.query("ALTER TABLE ledger_terms DROP CONSTRAINT ledger_terms_pkey");
  let waiting: FilledApproval[] = [];
  for (const approval of filledApprovals(approvals, nowMs)) {
    waiting.push(approval);
    if (waiting.length < ROWS_AT_ONCE && approval.n < approvals) continue;
    await insert(filler, waiting);
    waiting = [];
  }
  await filler.query("SET maintenance_work_mem = '512MB'");
  await filler.query("ALTER TABLE ledger_terms ADD PRIMARY KEY (term, at, n)");
  await filler.query("VACUUM ANALYZE ledger_terms");
  await filler.query("VACUUM ANALYZE ledger_entries");
  await filler.end();
  return {
    database,
    async bytes() {
      const [row] = await database.rows(
        "SELECT pg_total_relation_size('ledger_terms') + pg_total_relation_size('ledger_entries')",
      );
      return Number(row?.[0]);
    },
    async remove() {
      await database.close();
      await cluster.remove();
    },
  };
}

async function insert(filler: Client, approvals: readonly FilledApproval[]): Promise<void> {
  const column = (value: (approval: FilledApproval) => unknown) => approvals.map(value);
  await filler.query(
    `INSERT INTO ledger_entries (n, id, version, look_at, created_at, due_at, creator, entry) OVERRIDING SYSTEM VALUE
     SELECT n, id, 4, NULL, created_at, due_at, creator, entry
     FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
       filled(n, id, created_at, due_at, creator, entry)`,
    [
      column(({ n }) => n),
      column(({ entry }) => entry.id),
      column(({ createdAtMs }) => createdAtMs),
      column(({ dueMs }) => dueMs),
      column(({ creator }) => creator),
      column(({ entry }) => JSON.stringify(entry)),
    ],
  );
  const terms = approvals.flatMap(({ n, entry, creator }) => {
    const terms = termsOf(entry, creator);
    return ORDERS.flatMap((order) => terms[order].map((term) => [term, keyIn(order, entry), n] as const));
  });
  await filler.query(
    "INSERT INTO ledger_terms (term, at, n) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])",
    [0, 1, 2].map((at) => terms.map((term) => term[at])),
  );
}

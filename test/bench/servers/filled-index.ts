/**
 * An engine's file with many approvals and their index. The promises are their roots alone, and the rows are written past
 * the engine, by the functions that make them: a million take a minute, and lists read nothing else.
 */
import { join } from "node:path";
import { openDatabase } from "../../../src/engine/store/database.ts";
import type { Entry } from "../../../src/ledger/entry.ts";
import { ledgerProjection } from "../../../src/ledger/projection.ts";
import { keyIn, ORDERS, termsOf } from "../../../src/ledger/terms.ts";
import { randomFrom } from "../../support/seeds.ts";

export const PEOPLE = 1_000;
const DAY_MS = 86_400_000;
const WORDS = [
  "order",
  "laptops",
  "chairs",
  "access",
  "release",
  "contract",
  "travel",
  "budget",
  "invoice",
  "server",
];
const ROWS_AT_ONCE = 10_000;

/** One in twenty stands in advance, for 30 days: nearly all are over. */
const STANDS: Partial<Readonly<Record<Entry["status"], "approval" | "refusal">>> = {
  approved: "approval",
  rejected: "refusal",
};

export interface FilledApproval {
  readonly n: number;
  readonly entry: Entry;
  readonly creator: string;
  readonly createdAtMs: number;
  readonly dueMs: number;
}

/** The same for each number of them. One in ten is pending. Requests are spread over a year before `nowMs`. */
export function* filledApprovals(
  approvals: number,
  nowMs: number,
): Generator<FilledApproval, void, undefined> {
  const random = randomFrom(20_261_130);
  for (let n = 1; n <= approvals; n += 1) {
    const createdAtMs = nowMs - 365 * DAY_MS + Math.floor((n / approvals) * 365 * DAY_MS);
    const person = () => `person${random.below(PEOPLE)}@example.com`;
    const isPending = random.chance(0.1);
    const approver = person();
    const dueMs = createdAtMs + (isPending ? 370 : 7) * DAY_MS + random.below(DAY_MS);
    const entry: Entry = {
      id: `approval-${n}`,
      status: isPending
        ? "pending"
        : random.pick(["approved", "approved", "approved", "rejected", "expired"]),
      title: `${random.pick(WORDS)} ${random.pick(WORDS)} ${random.pick(WORDS)} ${random.below(10_000)}`,
      requester: { email: person() },
      ballots: [{ n: 1, approver: { email: approver }, state: isPending ? "open" : "approved" }],
      waitingFor: isPending ? [approver] : [],
      deadline: new Date(dueMs).toISOString(),
      createdAt: new Date(createdAtMs).toISOString(),
      tags: { team: `team${random.below(50)}`, orderId: String(n) },
    };
    const stands = STANDS[entry.status];
    const until = new Date(createdAtMs + 30 * DAY_MS).toISOString();
    const listed =
      stands !== undefined && n % 20 === 0 ? { ...entry, stands: { kind: stands, until } } : entry;
    yield { n, entry: listed, creator: `client:${random.below(20)}`, createdAtMs, dueMs };
  }
}

export function fillIndex(dataDir: string, approvals: number, nowMs: number): void {
  const db = openDatabase(join(dataDir, "engine.db"));
  const projection = ledgerProjection();
  // Everything in memory: entries of a term are far from each other.
  db.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000");
  for (const [name, sql] of Object.entries(projection.tables))
    db.exec(`DROP TABLE IF EXISTS ${name}; ${sql}`);
  const promise = db.prepare(
    "INSERT INTO promises (n, id, state, timeout_at, created_at, settled_at, external, family, head, tags) VALUES (?, ?, 'resolved', ?, ?, ?, 1, NULL, 1, '{}')",
  );
  const row = db.prepare("INSERT INTO ledger_entries VALUES (?, ?, ?, ?, ?)");
  const term = db.prepare("INSERT INTO ledger_terms SELECT value, ?, ? FROM json_each(?)");
  for (const { n, entry, creator, createdAtMs, dueMs } of filledApprovals(approvals, nowMs)) {
    if (n % ROWS_AT_ONCE === 1) db.exec("BEGIN");
    promise.run(n, entry.id, dueMs, createdAtMs, dueMs);
    row.run(n, createdAtMs, dueMs, creator, JSON.stringify(entry));
    const terms = termsOf(entry, creator);
    for (const order of ORDERS) {
      if (terms[order].length > 0) term.run(keyIn(order, entry), n, JSON.stringify(terms[order]));
    }
    if (n % ROWS_AT_ONCE === 0 || n === approvals) db.exec("COMMIT");
  }
  db.exec(
    `CREATE TABLE projection (one INTEGER PRIMARY KEY, version INTEGER NOT NULL, number INTEGER NOT NULL, built_to INTEGER, put_off TEXT) STRICT;
     INSERT INTO projection SELECT 1, ${projection.version}, number, NULL, NULL FROM journal; PRAGMA wal_checkpoint(TRUNCATE)`,
  );
  db.close();
}

/** Writes readings of approvals: rows, their terms, and which marks they have dealt with, in one transaction. */
import { dueAtMs, type Entry } from "../entry.ts";
import { changedTerms, keyIn, ORDERS, type Terms, termsOf } from "../terms.ts";
import { type Client, type Database, type Row, rowsOf, sqlState } from "./database.ts";
import type { Mark } from "./marks.ts";
import type { Reading } from "./reading.ts";
import { assertSchema } from "./schema.ts";
import { storableText } from "./text.ts";

/** Another process has inserted one of the rows meanwhile. */
class Crossed extends Error {
  override readonly name = "Crossed";
}

const TRIES = 5;

/**
 * An older reading leaves a row as it is. Whatever order readings come in, and however often, rows end as those of the
 * newest.
 */
export async function writeReadings(
  database: Database,
  readings: readonly Reading[],
  marks: readonly Mark[] = [],
): Promise<void> {
  if (readings.length === 0 && marks.length === 0) return;
  for (let tries = 1; ; tries += 1) {
    try {
      return await writeOnce(database, readings, marks);
    } catch (error) {
      if (tries === TRIES || !isCrossed(error)) throw error;
    }
  }
}

/** Two writes have met, and this one is to begin again: deadlocks and conflicts of transactions are told by SQLSTATE. */
function isCrossed(error: unknown): boolean {
  return error instanceof Crossed || ["40001", "40P01"].includes(sqlState(error) ?? "");
}

async function writeOnce(
  database: Database,
  readings: readonly Reading[],
  marks: readonly Mark[],
): Promise<void> {
  await database.transaction(async (client) => {
    await assertSchema(client);
    // By id: two that write the same rows wait for each other, and never in a circle.
    const sorted = readings.toSorted((a, b) => (a.entry.id < b.entry.id ? -1 : 1));
    if (sorted.length > 0) await writeRows(client, sorted);
    if (marks.length > 0) {
      await rowsOf(
        client,
        "DELETE FROM ledger_marks m USING unnest($1::text[], $2::text[]) dealt(subject, token) WHERE m.subject = dealt.subject AND m.token = dealt.token",
        [marks.map(({ subject }) => subject), marks.map(({ token }) => token)],
      );
    }
  });
}

interface Known {
  readonly n: number;
  readonly version: number;
  readonly entry: Entry;
  readonly text: string;
  readonly creator: string | undefined;
  readonly lookAtMs: number | undefined;
}

async function writeRows(client: Client, readings: readonly Reading[]): Promise<void> {
  const known = await lockRows(client, readings);
  const newer = readings.filter((reading) => isNews(reading, known.get(reading.entry.id)));
  const numbers = await insertRows(
    client,
    newer.filter(({ entry }) => !known.has(entry.id)),
  );
  await updateRows(
    client,
    newer.filter(({ entry }) => known.has(entry.id)),
  );
  const gone: [string, number, number][] = [];
  const come: [string, number, number][] = [];
  for (const { entry, creator } of newer) {
    const terms = termsOf(entry, creator);
    const before = known.get(entry.id);
    if (before === undefined) {
      come.push(...placed(entry, terms, numbers.get(entry.id) ?? 0));
      continue;
    }
    const oldTerms = termsOf(before.entry, before.creator);
    gone.push(...placed(before.entry, changedTerms(before.entry, oldTerms, entry, terms), before.n));
    come.push(...placed(entry, changedTerms(entry, terms, before.entry, oldTerms), before.n));
  }
  if (gone.length > 0) {
    await rowsOf(
      client,
      "DELETE FROM ledger_terms t USING unnest($1::text[], $2::bigint[], $3::bigint[]) gone(term, at, n) WHERE t.term = gone.term AND t.at = gone.at AND t.n = gone.n",
      columns(gone),
    );
  }
  if (come.length > 0) {
    await rowsOf(
      client,
      "INSERT INTO ledger_terms (term, at, n) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING",
      columns(come),
    );
  }
}

/** The same version may have another entry: made by another version of this program. */
function isNews({ entry, creator, version, lookAtMs }: Reading, known: Known | undefined): boolean {
  if (known === undefined) return true;
  if (version !== known.version) return version > known.version;
  return JSON.stringify(entry) !== known.text || creator !== known.creator || lookAtMs !== known.lookAtMs;
}

async function lockRows(client: Client, readings: readonly Reading[]): Promise<ReadonlyMap<string, Known>> {
  const rows = await rowsOf(
    client,
    "SELECT id, n, version, entry, creator, look_at FROM ledger_entries WHERE id = ANY($1) ORDER BY id FOR UPDATE",
    [readings.map(({ entry }) => entry.id)],
  );
  return new Map(
    rows.map(([id, n, version, text, creator, lookAt]: Row) => [
      String(id),
      {
        n: Number(n),
        version: Number(version),
        entry: JSON.parse(String(text)) as Entry,
        text: String(text),
        creator: textOf(creator),
        lookAtMs: lookAt === null ? undefined : Number(lookAt),
      },
    ]),
  );
}

function textOf(column: unknown): string | undefined {
  return typeof column === "string" ? column : undefined;
}

const ROW_TYPES =
  "$1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[]";

async function insertRows(
  client: Client,
  readings: readonly Reading[],
): Promise<ReadonlyMap<string, number>> {
  if (readings.length === 0) return new Map();
  const rows = await rowsOf(
    client,
    `INSERT INTO ledger_entries (id, version, look_at, created_at, due_at, creator, entry)
     SELECT * FROM unnest(${ROW_TYPES}) ON CONFLICT (id) DO NOTHING RETURNING id, n`,
    rowColumns(readings),
  );
  if (rows.length < readings.length) throw new Crossed("Another process has inserted one of the rows");
  return new Map(rows.map(([id, n]) => [String(id), Number(n)]));
}

async function updateRows(client: Client, readings: readonly Reading[]): Promise<void> {
  if (readings.length === 0) return;
  await rowsOf(
    client,
    `UPDATE ledger_entries e
     SET version = now.version, look_at = now.look_at, created_at = now.created_at, due_at = now.due_at,
       creator = now.creator, entry = now.entry
     FROM unnest(${ROW_TYPES}) now(id, version, look_at, created_at, due_at, creator, entry)
     WHERE e.id = now.id`,
    rowColumns(readings),
  );
}

function rowColumns(readings: readonly Reading[]): readonly unknown[] {
  const column = (value: (reading: Reading) => unknown) => readings.map(value);
  return [
    column(({ entry }) => entry.id),
    column(({ version }) => version),
    column(({ lookAtMs }) => lookAtMs ?? null),
    column(({ entry }) => Date.parse(entry.createdAt)),
    column(({ entry }) => dueAtMs(entry)),
    column(({ creator }) => creator ?? null),
    column(({ entry }) => JSON.stringify(entry)),
  ];
}

function placed(entry: Entry, terms: Terms, n: number): [string, number, number][] {
  return ORDERS.flatMap((order) =>
    terms[order].map((term): [string, number, number] => [storableText(term), keyIn(order, entry), n]),
  );
}

function columns(places: readonly [string, number, number][]): readonly unknown[] {
  return [0, 1, 2].map((column) => places.map((place) => place[column]));
}

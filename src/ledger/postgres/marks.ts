/**
 * Marks: which approvals may have changed without their rows. One is stored before an approval is changed, and deleted with
 * the write of a reading that began after the change. So a process that finds an old mark reads the approval and writes its row.
 */
import type { Database } from "./database.ts";

export interface Mark {
  /** The approval's id; or another promise's, of which it was not known before. */
  readonly subject: string;
  /** Whose mark it is, and which one. */
  readonly token: string;
}

export async function storeMarks(database: Database, marks: readonly Mark[]): Promise<void> {
  await database.rows(
    "INSERT INTO ledger_marks (subject, token) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING",
    [marks.map(({ subject }) => subject), marks.map(({ token }) => token)],
  );
}

export interface OldMark extends Mark {
  /** Milliseconds, by the clock of PostgreSQL. */
  readonly ageMs: number;
}

/**
 * The oldest first.
 *
 * @param dealtWith tokens of marks that are passed over for as long as they are needed
 */
export async function oldMarks(
  database: Database,
  { ageMs, limit, dealtWith }: { ageMs: number; limit: number; dealtWith: Iterable<string> },
): Promise<OldMark[]> {
  const rows = await database.rows(
    `SELECT subject, token, extract(epoch FROM clock_timestamp() - at) * 1000 FROM ledger_marks
     WHERE at < clock_timestamp() - $1 * interval '1 millisecond'
       AND (token <> ALL($3::text[]) OR at < clock_timestamp() - $4 * interval '1 millisecond')
     ORDER BY at LIMIT $2`,
    [ageMs, limit, [...dealtWith], MARK_NEEDED_MS],
  );
  return rows.map(([subject, token, age]) => ({
    subject: String(subject),
    token: String(token),
    ageMs: Number(age),
  }));
}

/** How old a mark may be for another request to rely on it. */
export const MARK_YOUNG_MS = 30_000;
/**
 * From the storing of a mark on, for how long requests may rely on it: as long as it is young, and then for as long as a
 * request can take, with its time in a queue and its repetitions.
 */
export const MARK_NEEDED_MS = 120_000;

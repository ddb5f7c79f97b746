/** Reads approvals and writes their rows. */
import { ServiceError } from "../../lib/errors.ts";
import { type Database, sqlState } from "./database.ts";
import type { FeedLog } from "./feed-log.ts";
import type { Mark } from "./marks.ts";
import { type Promises, type Reading, readApproval } from "./reading.ts";
import { writeReadings } from "./write.ts";

export interface FeedParts {
  readonly database: Database;
  readonly promises: Promises;
  readonly log: FeedLog;
}

/** Approvals that are read at once, out of one batch; each takes some requests at once. */
const READ_AT_ONCE = 8;
/** Rows of one transaction. */
const BATCH = 32;

/**
 * Whatever is no approval is passed over. An approval that cannot be read, or not be written, does not keep the others from
 * being written: it is logged.
 *
 * @param marks are deleted with the last rows
 * @throws ServiceError while the engine is away
 * @throws Error of PostgreSQL
 */
export async function feed(
  parts: FeedParts,
  ids: readonly string[],
  marks: readonly Mark[] = [],
): Promise<void> {
  let readings: Reading[] = [];
  for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
    const read = await Promise.all(ids.slice(at, at + READ_AT_ONCE).map((id) => readOne(parts, id)));
    readings.push(...read.filter((reading) => reading !== undefined));
    if (readings.length < BATCH) continue;
    await write(parts, readings, []);
    readings = [];
  }
  await write(parts, readings, marks);
}

async function readOne({ promises, log }: FeedParts, id: string): Promise<Reading | undefined> {
  try {
    return await readApproval(promises, id);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    log.leftOut(id, error);
    return undefined;
  }
}

async function write(parts: FeedParts, readings: readonly Reading[], marks: readonly Mark[]): Promise<void> {
  try {
    await writeReadings(parts.database, readings, marks);
  } catch (error) {
    const [first, ...others] = readings;
    if (first === undefined || !isAboutData(error)) throw error;
    if (others.length === 0) parts.log.leftOut(first.entry.id, error);
    else for (const reading of readings) await write(parts, [reading], []);
    await write(parts, [], marks);
  }
}

/** Classes of SQLSTATE: data, constraint, limit. */
function isAboutData(error: unknown): boolean {
  return /^(?:22|23|54)/u.test(sqlState(error) ?? "");
}

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder } from "../../lib/sync-folder.ts";
import {
  FORMAT,
  HEADER_BYTES,
  type JournalReading,
  type JournalRecord,
  readRecords,
} from "./journal-reading.ts";

export type { JournalRecord } from "./journal-reading.ts";

/**
 * Acknowledged transactions that are not in the database yet. A record is a few kilobytes in one write; a commit of the
 * database would write every page that was touched. A checkpoint commits many transactions to the database at once,
 * with the number of the last. Then the journal restarts.
 */
export interface Journal {
  /** Room that the records since the last `restart` take. */
  readonly bytes: number;
  /** The record is on disk when this returns. When it throws, the record is not part of the journal. */
  append(record: JournalRecord): void;
  /** Transactions whose records had one wrong bit when the file was opened. */
  readonly repaired: readonly number[];
  /**
   * What was appended since the last `restart`, and perhaps older records before it; and what `JournalReading` has of a
   * later one.
   *
   * @throws Error if a record that was appended cannot be read any more
   */
  read(): Pick<JournalReading, "records" | "later">;
  /** All of it is in the database. */
  restart(): void;
  /** Right after `restart`: frees what the file has of older records. */
  clear(): void;
  /** Closes the file, and empties it if everything is in the database. */
  close(): void;
}

/** After a huge transaction, the file is cut back to this size. */
const KEPT_BYTES = 16 * 1024 * 1024;

/** Path of a database's journal. With a hyphen, SQLite would take it for a file of its own. */
export function journalFileOf(databaseFile: string): string {
  return `${databaseFile}.journal`;
}

/**
 * Opens the journal file, and creates it if needed. Records follow each other: a header, then JSON of `[format, number,
 * changes]`. The file is filled from its beginning again after each restart and keeps its length, so that a write needs
 * no new blocks. Anything behind the last record is older; its number shows that.
 * @throws Error when another version of the program wrote it
 */
export function openJournal(file: string): Journal {
  const descriptor = existsSync(file) ? openSync(file, "r+") : makeFile(file);
  const found = lookAtJournal(file);
  let { end } = found;
  // Usually older than the others: a newer one there tells that the journal is damaged.
  let { later } = found;
  return {
    get bytes() {
      return end;
    },
    repaired: found.repaired,
    append: ({ number, changes }) => {
      const text = Buffer.from(JSON.stringify([FORMAT, number, changes]));
      const record = Buffer.allocUnsafe(HEADER_BYTES + text.length);
      record.writeUInt32LE(text.length, 0);
      record.writeUInt32LE(crc32(text), 4);
      text.copy(record, HEADER_BYTES);
      try {
        writeAll(descriptor, record, end);
        fdatasyncSync(descriptor);
      } catch (error) {
        strikeOut(descriptor, end);
        throw error;
      }
      end += record.length;
    },
    read: () => {
      const { records, end: readable } = readRecords(readFileSync(file).subarray(0, end), file);
      if (readable !== end) throw damaged(file, records.at(-1)?.number);
      return { records, later };
    },
    restart: () => {
      later = undefined;
      if (end > KEPT_BYTES) ftruncateSync(descriptor, KEPT_BYTES);
      end = 0;
    },
    clear: () => {
      if (end === 0) ftruncateSync(descriptor);
    },
    close: () => {
      // With an empty journal, another version of the program or a restored database can be opened next.
      if (end === 0) ftruncateSync(descriptor);
      closeSync(descriptor);
    },
  };
}

/** A journal in memory, or with the records of a file for reading only. */
export function keepJournal(records: JournalRecord[] = [], later?: number): Journal {
  return {
    bytes: 0,
    repaired: [],
    append: (record) => void records.push(record),
    read: () => ({ records, later }),
    restart: () => void records.splice(0),
    clear: () => undefined,
    close: () => undefined,
  };
}

/** A new file is durable only after its folder is synced. */
function makeFile(file: string): number {
  const descriptor = openSync(file, "wx+", 0o600);
  syncFolder(dirname(file));
  return descriptor;
}

/** Reads the journal that belongs to a database, also while a process writes it; without such a file it is empty. */
export function lookAtJournal(file: string): JournalReading {
  const look = () => readRecords(existsSync(file) ? readFileSync(file) : Buffer.alloc(0), file);
  const reading = look();
  // A record that was being written, and the next one whole, look like damage. What is damaged looks so again.
  return isDamaged(reading) ? look() : reading;
}

function isDamaged({ records, later = 0 }: JournalReading): boolean {
  return later > (records.at(-1)?.number ?? 0);
}

/**
 * The records that follow transaction `number`, the last one of a database.
 *
 * @param later as in `JournalReading`
 * @throws Error if the next record is missing, or damaged although others were stored after it
 */
export function recordsAfter(
  number: number,
  records: readonly JournalRecord[],
  later = 0,
): readonly JournalRecord[] {
  const last = Math.max(number, records.at(-1)?.number ?? 0);
  if (later > last) throw damaged("its journal", last, later);
  const newer = records.filter((record) => record.number > number);
  const [first] = newer;
  if (first !== undefined && first.number > number + 1) {
    throw new Error(
      `Cannot open the engine: its journal starts at transaction ${first.number}, but its database ends at ${number}: they do not belong together. If you restored the database, delete the journal beside it`,
    );
  }
  return newer;
}

function damaged(what: string, last = 0, later = 0): Error {
  const follows = later === 0 ? "" : `, and transaction ${later} was stored after it`;
  return new Error(
    `Cannot open the engine: transaction ${last + 1} in ${what} is damaged${follows}. The disk has changed what was written: restore a backup, or move the journal away to go on without the transactions in it`,
  );
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
}

/** A refused record must not come back after a crash, if it reached the disk after all. */
function strikeOut(descriptor: number, position: number): void {
  try {
    writeSync(descriptor, Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, position);
  } catch {
    // Then the disk probably did not take the record either.
  }
}

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
import type { Change } from "../decide/state.ts";

/** What one transaction changed. Numbers go up by one. */
export interface JournalRecord {
  readonly number: number;
  readonly changes: readonly Change[];
}

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
  /** What was appended since the last `restart`, and perhaps older records before it. */
  records(): JournalRecord[];
  /** All of it is in the database. */
  restart(): void;
  /** Closes the file, and empties it if everything is in the database. */
  close(): void;
}

/** Increase it when records of an older program can no longer be read. */
const FORMAT = 1;
/** Length of the text, and CRC-32 of it: each 4 bytes, little endian. */
const HEADER_BYTES = 8;
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
  let end = read(file).end;
  return {
    get bytes() {
      return end;
    },
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
    records: () => read(file, end).records,
    restart: () => {
      if (end > KEPT_BYTES) ftruncateSync(descriptor, KEPT_BYTES);
      end = 0;
    },
    close: () => {
      // With an empty journal, another version of the program or a restored database can be opened next.
      if (end === 0) ftruncateSync(descriptor);
      closeSync(descriptor);
    },
  };
}

/** A journal in memory, or with the records of a file for reading only. */
export function keepJournal(records: JournalRecord[] = []): Journal {
  return {
    bytes: 0,
    append: (record) => void records.push(record),
    records: () => records,
    restart: () => void records.splice(0),
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
export function readJournal(file: string): JournalRecord[] {
  return existsSync(file) ? read(file).records : [];
}

/**
 * The records that follow transaction `number`, the last one of a database.
 * @throws Error if the next record is missing
 */
export function recordsAfter(number: number, records: readonly JournalRecord[]): readonly JournalRecord[] {
  const newer = records.filter((record) => record.number > number);
  const [first] = newer;
  if (first !== undefined && first.number > number + 1) {
    throw new Error(
      `Cannot open the engine: its journal starts at transaction ${first.number}, but its database ends at ${number}: they do not belong together. If you restored the database, delete the journal beside it`,
    );
  }
  return newer;
}

/**
 * The journal ends at the first record that is damaged, because it was never fully written, or that does not follow the
 * one before.
 */
function read(file: string, limit?: number): { readonly records: JournalRecord[]; readonly end: number } {
  const records: JournalRecord[] = [];
  const bytes = readFileSync(file).subarray(0, limit);
  let end = 0;
  while (end + HEADER_BYTES <= bytes.length) {
    const start = end + HEADER_BYTES;
    const length = bytes.readUInt32LE(end);
    const text = bytes.subarray(start, start + length);
    if (length === 0 || text.length < length || crc32(text) !== bytes.readUInt32LE(end + 4)) break;
    const [format, number, changes] = JSON.parse(text.toString()) as [unknown, number, Change[]];
    if (format !== FORMAT) {
      throw new Error(
        `Cannot open the engine: ${file} is from another version of the program. Start and stop that version once`,
      );
    }
    const last = records.at(-1);
    if (last !== undefined && number !== last.number + 1) break;
    records.push({ number, changes });
    end = start + text.length;
  }
  return { records, end };
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

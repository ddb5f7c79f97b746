import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import type { Change } from "../decide/state.ts";

/** What one transaction changed. Numbers go up by one. */
export interface JournalRecord {
  readonly number: number;
  readonly changes: readonly Change[];
}

/**
 * What was acknowledged and is not in the database yet. A transaction is on disk as soon as its record is here: some
 * kilobytes in one write, where a commit of the database writes every page that was touched. A checkpoint commits many
 * transactions to the database at once, with the number of the last; then the journal begins anew.
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
  /** Lets the file go, which is empty then if all of it is in the database. */
  close(): void;
}

/** Changes when records of an older program cannot be read any more. */
const FORMAT = 1;
/** Length of the text, and CRC-32 of it: each 4 bytes, little endian. */
const HEADER_BYTES = 8;
/** A file that one huge transaction has made longer is cut back to this. */
const KEPT_BYTES = 16 * 1024 * 1024;

/** Where the journal of a database is. SQLite would take a name with a hyphen for one of its own. */
export function journalFileOf(databaseFile: string): string {
  return `${databaseFile}.journal`;
}

/**
 * The journal as a file, which is made if need be. Records follow each other: a header, then JSON of `[format, number,
 * changes]`. The file is filled from its beginning again after each restart and keeps its length, so that a write needs
 * no new blocks. What stands behind the last record is older, which its number tells.
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
      // Nobody who opens the database next has to be able to read what it has: neither another version nor a restored one.
      if (end === 0) ftruncateSync(descriptor);
      closeSync(descriptor);
    },
  };
}

/** The same for what need not outlive the process; or the records of a file, to be read only. */
export function keepJournal(records: JournalRecord[] = []): Journal {
  return {
    bytes: 0,
    append: (record) => void records.push(record),
    records: () => records,
    restart: () => void records.splice(0),
    close: () => undefined,
  };
}

/** A new file is there for good once its folder is on disk, too. */
function makeFile(file: string): number {
  const descriptor = openSync(file, "wx+", 0o600);
  const folder = openSync(dirname(file), "r");
  fsyncSync(folder);
  closeSync(folder);
  return descriptor;
}

/** Reads the journal that belongs to a database, also while a process writes it; without such a file it is empty. */
export function readJournal(file: string): JournalRecord[] {
  return existsSync(file) ? read(file).records : [];
}

/**
 * Those that a database has not, which ends with transaction `number`.
 * @throws Error when there are some that it cannot go on with
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

/** The end is where a record is damaged, since it was never wholly written, or does not go on from the one before. */
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

/** What was refused shall not come back after a crash, should it be on disk after all. */
function strikeOut(descriptor: number, position: number): void {
  try {
    writeSync(descriptor, Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, position);
  } catch {
    // Then the disk took nothing of it either, as far as one can know.
  }
}

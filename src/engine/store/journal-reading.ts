import { crc32 } from "node:zlib";
import type { Change } from "../decide/state.ts";

/** What one transaction changed. Numbers go up by one. */
export interface JournalRecord {
  readonly number: number;
  readonly changes: readonly Change[];
}

/** What a journal's file holds. */
export interface JournalReading {
  readonly records: JournalRecord[];
  /** Where they end, in bytes. */
  readonly end: number;
  /** Transactions in whose records one bit was wrong. It was corrected. */
  readonly repaired: readonly number[];
  /** The highest transaction with a whole record behind the end. Usually it is older than the others, or there is none. */
  readonly later: number | undefined;
}

/** Increase it when records of an older program can no longer be read. */
export const FORMAT = 1;
/** Length of the text, and CRC-32 of it: each 4 bytes, little endian. */
export const HEADER_BYTES = 8;

/**
 * Reads records: each a header, then JSON of `[format, number, changes]`. They end at the first record that is damaged,
 * because it was never fully written, or that does not follow the one before.
 *
 * A record with one wrong bit was fully written, and changed afterwards. A checksum of 32 bits shows which bit it is, so it is
 * corrected. Half-written records have many wrong bits; the few that look like one wrong bit are no JSON.
 *
 * @throws Error when another version of the program wrote it
 */
export function readRecords(bytes: Buffer, file: string): JournalReading {
  const records: JournalRecord[] = [];
  const repaired: number[] = [];
  let end = 0;
  while (end + HEADER_BYTES <= bytes.length) {
    const last = records.at(-1)?.number;
    const whole = wholeRecord(bytes, end, file);
    const found = whole ?? repairedRecord(bytes, end);
    if (found === undefined || (last !== undefined && found.record.number !== last + 1)) break;
    if (whole === undefined) repaired.push(found.record.number);
    records.push(found.record);
    end = found.end;
  }
  return { records, end, repaired, later: highestIn(bytes.subarray(end)) };
}

interface Found {
  readonly record: JournalRecord;
  readonly end: number;
}

function wholeRecord(bytes: Buffer, at: number, file: string): Found | undefined {
  const start = at + HEADER_BYTES;
  const length = bytes.readUInt32LE(at);
  const text = bytes.subarray(start, start + length);
  if (length === 0 || text.length < length || crc32(text) !== bytes.readUInt32LE(at + 4)) return undefined;
  const [format, number, changes] = JSON.parse(text.toString()) as [unknown, number, Change[]];
  if (format !== FORMAT) {
    throw new Error(
      `Cannot open the engine: ${file} is from another version of the program. Start and stop that version once`,
    );
  }
  return { record: { number, changes }, end: start + length };
}

/** The record of which one bit is wrong: in its length, its checksum or its text. */
function repairedRecord(bytes: Buffer, at: number): Found | undefined {
  const start = at + HEADER_BYTES;
  const length = bytes.readUInt32LE(at);
  const checksum = bytes.readUInt32LE(at + 4);
  const text = bytes.subarray(start, start + length);
  if (length > 0 && text.length === length) {
    const difference = (crc32(text) ^ checksum) >>> 0;
    // One wrong bit in the checksum itself.
    if ((difference & (difference - 1)) === 0) return parsed(text, start + length);
    const bit = wrongBit(difference, length);
    if (bit !== undefined) {
      const right = Buffer.from(text);
      right[bit >>> 3] = (right[bit >>> 3] as number) ^ (1 << (bit & 7));
      return parsed(right, start + length);
    }
  }
  for (let bit = 0; bit < 32; bit += 1) {
    const other = (length ^ (1 << bit)) >>> 0;
    if (other === 0 || start + other > bytes.length) continue;
    const right = bytes.subarray(start, start + other);
    if (crc32(right) === checksum) return parsed(right, start + other);
  }
  return undefined;
}

/** CRC-32's polynomial, its lowest bit first. */
const POLYNOMIAL = 0xedb88320;

/**
 * The bit of a text whose change makes this difference of checksums, counted from its first byte's lowest; undefined if no
 * single bit does. A changed bit is divided by the polynomial once for itself and once for each bit behind it.
 */
function wrongBit(difference: number, length: number): number | undefined {
  let made = 1;
  for (let bit = 8 * length - 1; bit >= 0; bit -= 1) {
    made = made & 1 ? (made >>> 1) ^ POLYNOMIAL : made >>> 1;
    if (made >>> 0 === difference) return bit;
  }
  return undefined;
}

/** Undefined if it is no record: then more was wrong than it seemed. */
function parsed(text: Buffer, end: number): Found | undefined {
  try {
    const read: unknown = JSON.parse(text.toString());
    if (!Array.isArray(read) || read.length !== 3) return undefined;
    const [format, number, changes] = read as [unknown, unknown, unknown];
    if (format !== FORMAT || !Number.isSafeInteger(number) || !Array.isArray(changes)) return undefined;
    return { record: { number: number as number, changes: changes as Change[] }, end };
  } catch {
    return undefined;
  }
}

/** How the text of a record begins. */
const BEGINNING = Buffer.from(`[${FORMAT},`);
const NUMBER_CHARS_MAX = 16;

/** The highest number of a whole record that begins anywhere in these bytes. */
function highestIn(bytes: Buffer): number | undefined {
  let highest: number | undefined;
  for (let at = bytes.indexOf(BEGINNING, HEADER_BYTES); at !== -1; ) {
    const end = at + bytes.readUInt32LE(at - HEADER_BYTES);
    const isWhole =
      end > at && end <= bytes.length && crc32(bytes.subarray(at, end)) === bytes.readUInt32LE(at - 4);
    if (isWhole) highest = Math.max(highest ?? 0, numberAt(bytes, at));
    at = bytes.indexOf(BEGINNING, isWhole ? end : at + 1);
  }
  return highest;
}

function numberAt(bytes: Buffer, start: number): number {
  const from = start + BEGINNING.length;
  return Number.parseInt(bytes.toString("latin1", from, from + NUMBER_CHARS_MAX), 10);
}

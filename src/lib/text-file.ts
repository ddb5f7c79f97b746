import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** An operator's file that cannot be used as it is. The message names it and says what to do. */
export class TextFileError extends Error {
  override readonly name = "TextFileError";
}

/**
 * The text of a file that an operator wrote. Editors put a byte-order mark in front of UTF-8, which is no part of the
 * text, and some save UTF-16 by themselves: read as UTF-8 that would be nonsense, which nothing after this could explain.
 *
 * @param bytesMax no more is read, also of what has no size before it is read, such as a pipe
 * @throws TextFileError; whatever `readFileSync` throws
 */
export function readTextFile(path: string, bytesMax?: number): string {
  const bytes = bytesMax === undefined ? readFileSync(path) : readAtMost(path, bytesMax);
  const problem = problemOf(bytes);
  if (problem !== undefined)
    throw new TextFileError(`Cannot use ${path}: it is ${problem}. Save it as UTF-8`);
  return bytes.toString("utf8").replace(/^\uFEFF/u, "");
}

function readAtMost(path: string, bytesMax: number): Buffer {
  const file = openSync(path, "r");
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; ; ) {
      const chunk = Buffer.alloc(64 * 1024);
      const count = readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks);
      size += count;
      if (size > bytesMax) throw new TextFileError(`Cannot use ${path}: it has more than ${bytesMax} bytes`);
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}

function problemOf(bytes: Buffer): string | undefined {
  const [first, second] = bytes;
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  // In UTF-16 without a mark, every second byte of plain English is zero; no text in UTF-8 has such a byte.
  if (hasMark || bytes.includes(0)) return "UTF-16, or no text at all";
  return isUtf8(bytes) ? undefined : "in another encoding than UTF-8";
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

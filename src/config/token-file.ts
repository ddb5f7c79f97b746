import { statSync } from "node:fs";
import { readTextFile } from "../lib/text-file.ts";

/** A changed file counts after this time. */
const LOOK_MS = 1_000;

/** What can be wrong with the file; undefined if it can be used. */
export function tokenFileProblem(file: string): string | undefined {
  try {
    return isToken(readTextFile(file).trim()) ? undefined : "it must have the token and nothing else";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Tells the token that a file holds now. A file that cannot be used leaves the token as it was, because the
 * file may be half replaced. If it stays unusable, requests fail when the old token expires.
 *
 * @param now milliseconds on a clock that only goes forward
 */
export function tokenOfFile(file: string, now = () => performance.now()): () => string | undefined {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let version: string | undefined;
  let token: string | undefined;
  return () => {
    if (now() - lookedAtMs < LOOK_MS) return token;
    lookedAtMs = now();
    try {
      const { ino, mtimeNs, size } = statSync(file, { bigint: true });
      const found = `${ino} ${mtimeNs} ${size}`;
      if (found === version) return token;
      const text = readTextFile(file).trim();
      if (!isToken(text)) return token;
      version = found;
      token = text;
    } catch {
      // Not there at the moment.
    }
    return token;
  };
}

/** As it may be a header's value. */
function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { checksum } from "../lib/damage.ts";

/** Mails as files, named by when they came (15 digits of milliseconds, never the same twice) and by their checksum. */
const FILE = /^\d{15}(?:-[0-9a-f]{8})?\.eml$/u;
const ID_CHARS = 15;

/** A mail that is not as it came. The message names its file. */
export class DamagedMail extends Error {
  override readonly name = "DamagedMail";
}

export function mailFileName(id: string, raw: Uint8Array): string {
  return `${id}-${checksum(raw).toString("hex")}.eml`;
}

/** The names of the files that are mails, by the ids of the mails. */
export function mailFilesOf(names: readonly string[]): Map<string, string> {
  return new Map(names.flatMap((name) => (FILE.test(name) ? [[name.slice(0, ID_CHARS), name]] : [])));
}

/**
 * The mail as it came, or undefined if the file is gone. Mails that an earlier version stored have no checksum.
 *
 * @param name of the file, as `mailFilesOf` has it
 * @throws DamagedMail
 */
export async function readMailFile(dir: string, name: string): Promise<Buffer | undefined> {
  const file = join(dir, name);
  let raw: Buffer;
  try {
    raw = await readFile(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const id = name.slice(0, ID_CHARS);
  if (name !== `${id}.eml` && name !== mailFileName(id, raw))
    throw new DamagedMail(`${file} is not as it came: the disk or the memory may be failing`);
  return raw;
}

import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "./folder.ts";
import { syncFolder } from "./sync-folder.ts";
import { readTextFile } from "./text-file.ts";

/**
 * Reads a secret that is made once and then kept, creating it (mode 0600) when it is not there.
 *
 * Processes that start together agree on one content: each writes its own candidate beside the file and links it into
 * place, which fails for all but the first. Then each reads the file. A crash leaves no half-written file, and what was
 * read once is on disk: a power cut that took back the keys of links in mails would make all of these links bad.
 */
export function readOrCreateSecretFile(path: string, make: () => string): string {
  const existing = readIfPresent(path);
  if (existing !== undefined) return existing;
  makeFolder(dirname(path));
  const candidate = `${path}.${process.pid}-${randomBytes(6).toString("hex")}`;
  try {
    const file = openSync(candidate, "wx", 0o600);
    try {
      writeSync(file, `${make()}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    try {
      linkSync(candidate, path);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
    // Also if another process made it, perhaps just now.
    syncFolder(dirname(path));
  } finally {
    rmSync(candidate, { force: true });
  }
  return readTextFile(path).trim();
}

/**
 * The file's text without the blanks around it; undefined when there is no such file.
 *
 * @throws Error that names the file, and says where it comes from
 */
export function readIfPresent(path: string): string | undefined {
  try {
    return readTextFile(path).trim();
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot use ${path}, a file of DATA_DIR: ${why}`, { cause: error });
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

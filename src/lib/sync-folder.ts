import { closeSync, fsyncSync, openSync } from "node:fs";

/**
 * Puts a folder's list of names on disk. The sync of a file keeps its content, but not its name: after a power cut, a file
 * that was made, linked or renamed since the last sync of its folder may be gone.
 *
 * @throws the system's error, with `code`
 */
export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } catch (error) {
    // Some network file systems cannot: their servers keep names by themselves.
    if (!(error instanceof Error && "code" in error && error.code === "EINVAL")) throw error;
  } finally {
    closeSync(folder);
  }
}

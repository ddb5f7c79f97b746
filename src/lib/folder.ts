import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { syncFolder } from "./sync-folder.ts";

/**
 * Makes a folder and missing folders above it, for the owner only, and puts their names on disk. Existing folders stay as
 * they are.
 *
 * By hand, because Node's `recursive` never returns, and only SIGKILL stops it, where a file system answers ENOENT to a
 * new folder in an existing one: `/proc` does, and so do mount points of automounters.
 *
 * @throws the system's error, with `code` and `path`
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  let at = resolve(path);
  let there = statSync(at, { throwIfNoEntry: false });
  while (there === undefined) {
    missing.push(at);
    at = dirname(at);
    there = statSync(at, { throwIfNoEntry: false });
  }
  // A file that has the name gets the system's own refusal.
  if (missing.length === 0 && !there.isDirectory()) missing.push(at);
  for (const folder of missing.toReversed()) makeOne(folder);
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
  // What is synced within it would be lost with it.
  syncFolder(dirname(folder));
}

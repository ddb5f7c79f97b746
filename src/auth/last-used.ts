import { closeSync, openSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../lib/folder.ts";

/** Whether a key is still needed is a question of days; a write for every call would be paid for nothing. */
const EVERY_MS = 60_000;

/**
 * When keys were used: the time of an empty file for each, so that any number of gateways on one folder note it without
 * a word to each other, and the file of keys changes only when keys do.
 */
export interface LastUsed {
  /** Notes a use, at most once a minute for each key. Never throws: a full disk must not turn callers away. */
  note(keyId: string): void;
}

export function createLastUsed(options: {
  readonly folder: string;
  readonly clock: () => number;
  /** Told once, when a time cannot be written. */
  readonly onFault: (error: unknown) => void;
}): LastUsed {
  const { folder, clock, onFault } = options;
  const notedAt = new Map<string, number>();
  let isFaulty = false;
  return {
    note(keyId) {
      const now = clock();
      if (now - (notedAt.get(keyId) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
      notedAt.set(keyId, now);
      try {
        touch(folder, keyId, now);
      } catch (error) {
        if (!isFaulty) onFault(error);
        isFaulty = true;
      }
    },
  };
}

/** Milliseconds since 1970, to the minute; undefined if the key was never used. */
export function lastUsedAt(folder: string, keyId: string): number | undefined {
  return statSync(join(folder, keyId), { throwIfNoEntry: false })?.mtimeMs;
}

function touch(folder: string, keyId: string, nowMs: number): void {
  makeFolder(folder);
  const path = join(folder, keyId);
  closeSync(openSync(path, "a", 0o600));
  utimesSync(path, nowMs / 1000, nowMs / 1000);
}

/**
 * The keys as a gateway knows them, looked up by what a caller sends.
 *
 * K1 The file's identity is compared before a look-up, once in a turn of the event loop: a revoked key fails at the next
 *    call, and a new one works at once, on every gateway that shares the file.
 * K2 Without a file the ring is open. Once there was one, it is never open again in this process: who removes the file
 *    locks callers out and lets nobody in.
 * K3 A file that cannot be read changes nothing: the keys last read stay, and the log says so. A slip of an editor
 *    must not stop every caller.
 */
import { statSync } from "node:fs";
import { isKey, keyIdIn, type StoredKey } from "./key.ts";
import { readKeys } from "./key-file.ts";
import type { LastUsed } from "./last-used.ts";

export interface KeyRing {
  /** Nobody needs a key, because none was ever made. */
  isOpen(): boolean;
  /** The live key that the text is, and notes its use. */
  find(text: string): StoredKey | undefined;
  /** The key of the id, unless it was revoked. */
  live(id: string): StoredKey | undefined;
}

export interface KeyRingOptions {
  readonly file: string;
  readonly lastUsed: LastUsed;
  /** Never open, whatever becomes of the file: for a gateway that other machines reach. */
  readonly alwaysClosed: boolean;
  /** Told once for each version of the file that cannot be used. */
  readonly onFault: (error: unknown) => void;
}

/** @throws KeyFileError if there is a file and it cannot be used: at start, that is better told than worked around */
export function openKeyRing({ file, lastUsed, alwaysClosed, onFault }: KeyRingOptions): KeyRing {
  let version = versionOf(file);
  let keys = byId(readKeys(file) ?? []);
  let open = !alwaysClosed && version === undefined;

  let isFresh = false;
  const refresh = (): void => {
    if (isFresh) return;
    isFresh = true;
    setImmediate(() => (isFresh = false));
    const found = versionOf(file);
    if (found === version) return;
    version = found;
    try {
      const read = readKeys(file);
      keys = byId(read ?? []);
      if (read !== undefined) open = false;
    } catch (error) {
      open = false;
      onFault(error);
    }
  };

  return {
    isOpen() {
      refresh();
      return open;
    },
    find(text) {
      refresh();
      const id = keyIdIn(text);
      const stored = id === undefined ? undefined : keys.get(id);
      if (!isKey(text, stored) || stored === undefined || stored.revokedAt !== undefined) return undefined;
      lastUsed.note(stored.id);
      return stored;
    },
    live(id) {
      refresh();
      const stored = keys.get(id);
      return stored?.revokedAt === undefined ? stored : undefined;
    },
  };
}

/** Every change is a new file in its place, so its number differs also when the time and the size do not. */
function versionOf(file: string): string | undefined {
  try {
    const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
    return stats === undefined ? undefined : `${stats.ino} ${stats.mtimeNs} ${stats.size}`;
  } catch {
    // Reading it tells why.
    return "unreadable";
  }
}

function byId(keys: readonly StoredKey[]): ReadonlyMap<string, StoredKey> {
  return new Map(keys.map((key) => [key.id, key]));
}

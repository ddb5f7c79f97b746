/**
 * The file of API keys: JSON, readable by its owner only, replaced as a whole.
 *
 * F1 A reader finds the file before a change or after it, never half of one: a change is written beside the file,
 *    flushed, and renamed into place.
 * F2 Two commands that change it at once both count: a change holds the lock file while it reads, writes and renames.
 * F3 It holds hashes, never a key.
 * F4 A file that an earlier version wrote can be read: former scopes are left out, and a checksum may be missing.
 * F5 Each key has a checksum, so that a wrong bit in a name, an owner or a scope is told and not obeyed.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { checksum, DAMAGED } from "../lib/damage.ts";
import { makeFolder } from "../lib/folder.ts";
import { MAIL_ADDRESS, MAIL_ADDRESS_CHARS_MAX } from "../lib/mail-address.ts";
import { syncFolder } from "../lib/sync-folder.ts";
import { readTextFile, TextFileError } from "../lib/text-file.ts";
import { CLIENT_CHARS_MAX, type StoredKey } from "./key.ts";
import { FORMER_SCOPES, isScope, SCOPE_NAMES } from "./scopes.ts";

/** Clients are few; the bound keeps a file that was made wrong from filling memory. */
export const KEYS_MAX = 1_000;

/** The file cannot be used. The message is for operators and holds nothing of the file but positions. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
}

const instant = z.iso.datetime();
const CHECK_CHARS_MAX = 64;

const keySchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]{8}$/),
  client: z.string().min(1).max(CLIENT_CHARS_MAX),
  scopes: z.array(z.enum([...SCOPE_NAMES, ...FORMER_SCOPES])),
  owner: z.exactOptional(z.string().max(MAIL_ADDRESS_CHARS_MAX).regex(MAIL_ADDRESS)),
  sha256: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  createdAt: instant,
  revokedAt: z.exactOptional(instant),
  check: z.exactOptional(z.string().max(CHECK_CHARS_MAX)),
});
type WrittenKey = z.infer<typeof keySchema>;

const fileSchema = z.strictObject({
  version: z.literal(1),
  keys: z
    .array(keySchema)
    .max(KEYS_MAX)
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, "must have an id each"),
});

/**
 * All keys in the file, revoked ones too; undefined if there is no file.
 *
 * @throws KeyFileError if it cannot be read or understood
 */
export function readKeys(file: string): readonly StoredKey[] | undefined {
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    if (error instanceof TextFileError) throw new KeyFileError(error.message, { cause: error });
    throw new KeyFileError(`Cannot read API_KEYS_FILE ${file}: ${codeOf(error) ?? "unknown reason"}`, {
      cause: error,
    });
  }
  const parsed = fileSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") || "the file";
    throw new KeyFileError(
      `Cannot use API_KEYS_FILE ${file}: ${where} is not as \`countersign keys\` writes it`,
    );
  }
  const { keys } = parsed.data;
  const damaged = keys.findIndex(({ check, ...key }) => check !== undefined && check !== checkOf(key));
  if (damaged !== -1) {
    throw new KeyFileError(
      `Cannot use API_KEYS_FILE ${file}: keys.${damaged} ${DAMAGED}. If you changed it by hand, remove its check`,
    );
  }
  return keys.map(asStored);
}

/** A key whose only scope is a former one has none left: it is known, and allowed nothing. */
function asStored(written: WrittenKey): StoredKey {
  const { check: _, scopes, ...key } = written;
  return { ...key, scopes: scopes.filter(isScope) };
}

function checkOf(key: Omit<WrittenKey, "check"> | StoredKey): string {
  const { id, client, scopes, owner = null, sha256, createdAt, revokedAt = null } = key;
  const text = JSON.stringify([id, client, scopes, owner, sha256, createdAt, revokedAt]);
  return checksum(text).toString("hex");
}

/**
 * Replaces the keys by what `change` makes of them (none, when there is no file yet), and answers its result.
 *
 * @throws what `change` throws, and nothing is changed then; KeyFileError if the file cannot be read or written
 */
export async function changeKeys<T>(
  file: string,
  change: (keys: readonly StoredKey[]) => { readonly keys: readonly StoredKey[]; readonly result: T },
): Promise<T> {
  makeFolder(dirname(file));
  const release = await lock(`${file}.lock`);
  try {
    const { keys, result } = change(readKeys(file) ?? []);
    const checked = keys.map((key) => ({ ...key, check: checkOf(key) }));
    replace(file, `${JSON.stringify({ version: 1, keys: checked }, null, 2)}\n`);
    return result;
  } finally {
    release();
  }
}

function replace(file: string, text: string): void {
  const candidate = `${file}.${process.pid}-${randomBytes(6).toString("hex")}`;
  try {
    write(candidate, text);
    renameSync(candidate, file);
  } catch (error) {
    rmSync(candidate, { force: true });
    throw new KeyFileError(`Cannot write ${file}: ${codeOf(error) ?? "unknown reason"}`, { cause: error });
  }
  // A revocation that a power cut undoes would be none.
  syncFolder(dirname(file));
}

function write(path: string, text: string): void {
  const handle = openSync(path, "wx", 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A change takes milliseconds. A longer wait means that the holder of the lock has died. */
const LOCK_WAIT_MS = 5_000;
const LOCK_STALE_MS = 30_000;

async function lock(path: string): Promise<() => void> {
  const giveUpAt = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      closeSync(openSync(path, "wx", 0o600));
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (codeOf(error) !== "EEXIST") {
        throw new KeyFileError(`Cannot write ${path}: ${codeOf(error) ?? "unknown reason"}`, {
          cause: error,
        });
      }
    }
    if (ageMs(path) > LOCK_STALE_MS) rmSync(path, { force: true });
    else if (performance.now() > giveUpAt) {
      throw new KeyFileError(`Another program is changing the keys. If none is, remove ${path}`);
    } else await pause(20);
  }
}

function ageMs(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? 0 : Date.now() - stats.mtimeMs;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

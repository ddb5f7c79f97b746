import { randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../lib/folder.ts";

/** Mails as files, named by when they came: 15 digits of milliseconds, never the same twice. */
export interface MailStore {
  /** Answers the id when the mail is in its place; a crash leaves no half mail behind. */
  add(raw: Uint8Array): Promise<string>;
  /** Ids of the mails kept, newest first. */
  ids(): readonly string[];
  /** The mail as it came, or undefined when there is none of this id (any more). */
  read(id: string): Promise<Buffer | undefined>;
}

export function receivedAtMs(id: string): number {
  return Number(id);
}

/** Opens the folder, making it if need be, and keeps the newest `keep` mails in it. */
export async function openMailStore(dir: string, { keep }: { readonly keep: number }): Promise<MailStore> {
  makeFolder(dir);
  const files = await readdir(dir);
  await Promise.all(
    files.filter((name) => name.endsWith(PART)).map((name) => rm(join(dir, name), { force: true })),
  );
  const ids = files
    .flatMap((name) => FILE.exec(name)?.[1] ?? [])
    .sort()
    .toReversed();
  let last = Number(ids[0] ?? 0);

  async function prune(): Promise<void> {
    const gone = ids.splice(keep);
    await Promise.all(gone.map((id) => rm(join(dir, `${id}.eml`), { force: true })));
  }

  await prune();
  return {
    async add(raw) {
      last = Math.max(Date.now(), last + 1);
      const id = String(last).padStart(15, "0");
      const part = join(dir, `${id}-${randomUUID()}${PART}`);
      await writeFile(part, raw, { mode: 0o600 });
      await rename(part, join(dir, `${id}.eml`));
      // Mails that arrive together may be in their places in another order than they came.
      const at = ids.findIndex((other) => other < id);
      ids.splice(at === -1 ? ids.length : at, 0, id);
      await prune();
      return id;
    },
    ids: () => ids,
    async read(id) {
      if (!ids.includes(id)) return undefined;
      try {
        return await readFile(join(dir, `${id}.eml`));
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
        throw error;
      }
    },
  };
}

const PART = ".part";
const FILE = /^(\d{15})\.eml$/u;

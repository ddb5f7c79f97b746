import { randomUUID } from "node:crypto";
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../lib/folder.ts";
import { mailFileName, mailFilesOf, readMailFile } from "./files.ts";

/** Mails as files. */
export interface MailStore {
  /** Answers the id when the mail is in its place; a crash leaves no half mail behind. */
  add(raw: Uint8Array): Promise<string>;
  /** Ids of the mails kept, newest first. */
  ids(): readonly string[];
  /**
   * The mail as it came, or undefined when there is none of this id (any more).
   * @throws DamagedMail
   */
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
  const names = mailFilesOf(files);
  const ids = [...names.keys()].sort().toReversed();
  let last = Number(ids[0] ?? 0);

  const nameOf = (id: string) => names.get(id) ?? `${id}.eml`;

  async function prune(): Promise<void> {
    const gone = ids.splice(keep);
    await Promise.all(
      gone.map(async (id) => {
        await rm(join(dir, nameOf(id)), { force: true });
        names.delete(id);
      }),
    );
  }

  await prune();
  return {
    async add(raw) {
      last = Math.max(Date.now(), last + 1);
      const id = String(last).padStart(15, "0");
      const part = join(dir, `${id}-${randomUUID()}${PART}`);
      await writeFile(part, raw, { mode: 0o600 });
      const name = mailFileName(id, raw);
      await rename(part, join(dir, name));
      names.set(id, name);
      // Mails that arrive together may be in their places in another order than they came.
      const at = ids.findIndex((other) => other < id);
      ids.splice(at === -1 ? ids.length : at, 0, id);
      await prune();
      return id;
    },
    ids: () => ids,
    async read(id) {
      const name = names.get(id);
      return name === undefined ? undefined : await readMailFile(dir, name);
    },
  };
}

const PART = ".part";

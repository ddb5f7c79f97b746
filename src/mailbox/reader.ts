import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MailStore } from "./store.ts";

/** The mails in a folder that another process fills. It is read again each time, because nothing reports new mails. */
export function readMailsOf(dir: string): Pick<MailStore, "ids" | "read"> {
  const ids = () =>
    filesIn(dir)
      .flatMap((name) => /^(\d{15})\.eml$/.exec(name)?.[1] ?? [])
      .sort()
      .toReversed();
  return {
    ids,
    read: async (id) => (ids().includes(id) ? readFileSync(join(dir, `${id}.eml`)) : undefined),
  };
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

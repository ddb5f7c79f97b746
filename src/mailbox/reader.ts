import { readdirSync } from "node:fs";
import { mailFilesOf, readMailFile } from "./files.ts";
import type { MailStore } from "./store.ts";

/** The mails in a folder that another process fills. It is read again each time, because nothing reports new mails. */
export function readMailsOf(dir: string): Pick<MailStore, "ids" | "read"> {
  const files = () => mailFilesOf(filesIn(dir));
  return {
    ids: () => [...files().keys()].sort().toReversed(),
    async read(id) {
      const name = files().get(id);
      return name === undefined ? undefined : await readMailFile(dir, name);
    },
  };
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** A rehearsal's mails as files to look at, with a page that leads to them. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadTemplates } from "../../../src/lib/templates.ts";
import type { RehearsedMail } from "./mails.ts";
import type { Rehearsal } from "./rehearse.ts";
import { timelineLines } from "./timeline.ts";

const INDEX = "index.html";
/** In the index: the folder holds a rehearsal, and the next one may replace it. */
const MARK = '<meta name="generator" content="countersign rehearse">';
const OWN_FILE = /^\d{3,}-[\w.@+-]+\.(?:html|txt)$/u;

/** The folder holds something else. */
export class FolderInUse extends Error {
  override readonly name = "FolderInUse";
}

/**
 * Writes `001-request-ana@example.com.html` and `.txt` for each mail, and `index.html`. Makes the folder if it is not
 * there, and replaces the files of an earlier rehearsal.
 *
 * @returns the names of the files
 * @throws FolderInUse if the folder has files and no rehearsal in it; whatever the file system throws
 */
export function writeMails(folder: string, title: string, rehearsal: Rehearsal): string[] {
  mkdirSync(folder, { recursive: true });
  empty(folder);
  const templates = loadTemplates("rehearsal");
  const names = new Map(rehearsal.mails.map((mail) => [mail.n, nameOf(mail)]));
  const lines = timelineLines(rehearsal.timeline).map((line, i) => {
    const entry = rehearsal.timeline[i];
    return { ...line, file: entry?.what === "mail" ? (names.get(entry.mail) ?? "") : "" };
  });
  const { outcome, reason } = rehearsal.outcome;
  const index = templates.html("rehearsal/index", { title, outcome, reason, lines }).toString();
  writeFileSync(join(folder, INDEX), index);
  for (const mail of rehearsal.mails) {
    const name = nameOf(mail);
    writeFileSync(join(folder, `${name}.html`), mail.html);
    writeFileSync(join(folder, `${name}.txt`), `To: ${mail.to}\nSubject: ${mail.subject}\n\n${mail.text}`);
  }
  return [INDEX, ...rehearsal.mails.flatMap((mail) => [`${nameOf(mail)}.html`, `${nameOf(mail)}.txt`])];
}

function empty(folder: string): void {
  const names = readdirSync(folder);
  if (names.length === 0) return;
  if (!names.includes(INDEX) || !readFileSync(join(folder, INDEX), "utf8").includes(MARK)) {
    throw new FolderInUse(`${folder} is not empty, and holds no rehearsal: name another folder`);
  }
  for (const name of names) if (OWN_FILE.test(name)) rmSync(join(folder, name));
}

function nameOf({ n, kind, to }: RehearsedMail): string {
  return `${String(n).padStart(3, "0")}-${kind}-${to.replaceAll(/[^\w.@+-]/gu, "_")}`;
}

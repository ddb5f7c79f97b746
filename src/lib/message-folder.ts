/**
 * Texts of the operator's own: a folder of catalogues that change single texts or add languages. Everything in them is
 * checked at start, so that no mail can fail, or mix languages, because of a text.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "./config-error.ts";
import { type Anatomy, anatomyOf } from "./message-check.ts";
import {
  type Catalogue,
  compileMessage,
  createMessages,
  ENGLISH,
  type MessagesFor,
  messagesFor,
  nearest,
  ownCatalogues,
  type Texts,
} from "./messages.ts";

/**
 * Our texts, changed by those of a folder; undefined: ours as they are.
 *
 * @throws ConfigError with everything that is wrong in the folder
 */
export function loadMessages(folder: string | undefined): MessagesFor {
  if (folder === undefined) return messagesFor;
  const problems: string[] = [];
  const languages = new Map<string, Catalogue>(
    ownCatalogues().map((catalogue) => [catalogue.tag.toLowerCase(), catalogue]),
  );
  const english = languages.get(ENGLISH)?.texts() ?? {};
  // A language before its varieties, which may take the rest of their texts from it.
  for (const file of filesIn(folder, problems).toSorted((one, other) => one.length - other.length)) {
    const tag = tagOf(file);
    if (tag === undefined) {
      problems.push(`MESSAGES_DIR: the name of ${file} must be a language, such as nl.json or de-CH.json`);
      continue;
    }
    const given = textsIn(join(folder, file), file, problems);
    const basis = nearest(languages, tag)?.texts();
    const texts = { ...basis, ...given };
    problems.push(...problemsOf(file, { tag, given, texts, english }));
    languages.set(tag.toLowerCase(), { tag, texts: () => texts });
  }
  if (problems.length > 0) throw new ConfigError(shortened(problems));
  return createMessages([...languages.values()]);
}

const FILES_MAX = 100;
const FILE_CHARS_MAX = 1_000_000;
const PROBLEMS_MAX = 20;

function filesIn(folder: string, problems: string[]): readonly string[] {
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith(".json") && !file.startsWith("."));
    if (files.length === 0)
      problems.push(`MESSAGES_DIR must have files such as de.json, and ${folder} has none`);
    if (files.length <= FILES_MAX) return files;
    problems.push(`MESSAGES_DIR must have at most ${FILES_MAX} languages, not ${files.length}`);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    problems.push(`MESSAGES_DIR must be a folder that can be read, and ${folder} is not: ${code}`);
  }
  return [];
}

function tagOf(file: string): string | undefined {
  const name = file.slice(0, -".json".length);
  try {
    const [tag] = Intl.getCanonicalLocales(name);
    // Node has no words such as names of months for others.
    return tag !== undefined && Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0 ? tag : undefined;
  } catch {
    return undefined;
  }
}

function textsIn(path: string, file: string, problems: string[]): Texts {
  try {
    const source = readFileSync(path, "utf8");
    if (source.length > FILE_CHARS_MAX) problems.push(`MESSAGES_DIR: ${file} is longer than 1 MB`);
    else {
      const texts: unknown = JSON.parse(source);
      if (typeof texts === "object" && texts !== null && !Array.isArray(texts)) return texts as Texts;
      problems.push(`MESSAGES_DIR: ${file} must be a JSON object with a text for each key`);
    }
  } catch (error) {
    problems.push(`MESSAGES_DIR: ${file} cannot be read: ${error instanceof Error ? error.message : "?"}`);
  }
  return {};
}

interface Given {
  readonly tag: string;
  /** What the file has. */
  readonly given: Texts;
  /** The same with the rest, from the language that it changes. */
  readonly texts: Texts;
  readonly english: Texts;
}

function* problemsOf(file: string, { tag, given, texts, english }: Given): Generator<string> {
  const missing = Object.keys(english).filter((key) => !Object.hasOwn(texts, key));
  if (missing.length > 0) {
    const some = missing.slice(0, 3).join(", ");
    yield `MESSAGES_DIR: ${file} lacks ${missing.length} texts, and a new language needs all of them: ${some}${missing.length > 3 ? " …" : ""}`;
  }
  for (const [key, source] of Object.entries(given)) {
    const problem = Object.hasOwn(english, key)
      ? textProblem(tag, source, english[key])
      : "is not the key of a text";
    if (problem !== undefined) yield `MESSAGES_DIR: ${file}: ${key} ${problem}`;
  }
}

function textProblem(tag: string, source: unknown, english: unknown): string | undefined {
  const made = anatomyOf(source);
  if (typeof made === "string") return made;
  const right = anatomyOf(english);
  if (typeof right === "string") throw new Error(`Cannot check a text: the English one ${right}`);
  for (const [name, type] of made.args) {
    const given = right.args.get(name);
    if (given === undefined) return `has the argument $${name}; this text is given ${listed(right)}`;
    if (type === "number" && given === "string") return `counts with $${name}, which is no number`;
  }
  return trialProblem(compileMessage(tag, String(source)), right);
}

function listed({ args }: Anatomy): string {
  return args.size === 0 ? "none" : [...args.keys()].map((name) => `$${name}`).join(", ");
}

/** What only shows when a text is written, such as an option that its function does not have. */
function trialProblem(message: ReturnType<typeof compileMessage>, { args }: Anatomy): string | undefined {
  for (const count of [0, 1, 2, 5, 21, 100]) {
    const sample = [...args].map(([name, type]) => [name, type === "number" ? count : "x"]);
    let problem: string | undefined;
    message.format(Object.fromEntries(sample), (error) => {
      problem ??= error instanceof Error ? error.message : String(error);
    });
    if (problem !== undefined) return `cannot be written: ${problem}`;
  }
  return undefined;
}

function shortened(problems: readonly string[]): readonly string[] {
  const more = problems.length - PROBLEMS_MAX;
  return more <= 0 ? problems : [...problems.slice(0, PROBLEMS_MAX), `and ${more} more in MESSAGES_DIR`];
}

/**
 * The words that people read on pages and in mails, in their language.
 *
 * Each language has a catalogue, `views/messages/<tag>.json`: the source of every text, in Unicode MessageFormat 2. A
 * reader gets all texts in one language, the nearest to theirs that there is: `de-AT`, else `de`, else English. Nothing
 * is mixed, because every catalogue has every text: a test holds ours to that, and a start the operator's.
 *
 * The library and the catalogues are read for the first text, and a text is compiled when it is first written.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as Library from "messageformat";
import type { MessageFormat } from "messageformat";
import { escapeHtml, Html } from "./html.ts";
import type { MessageArgs } from "./message-args.ts";
import { PACKAGE_ROOT } from "./package-root.ts";

const require = createRequire(import.meta.url);

export type MessageKey = keyof MessageArgs;

type TextArgs<K extends MessageKey> = MessageArgs[K] extends null ? [] : [args: MessageArgs[K]];
type HtmlArgs<K extends MessageKey> = MessageArgs[K] extends null
  ? []
  : [args: { readonly [name in keyof MessageArgs[K]]: MessageArgs[K][name] | Html }];

/** All texts in one language. */
export interface Messages {
  /** BCP 47 tag of the language of the texts, for `lang`. */
  readonly lang: string;
  readonly dir: "ltr" | "rtl";
  /** The reader's locale if it is of that language, else the language's own: what dates are written by. */
  readonly locale: string;
  /** A text as it is. Arguments are put in unchanged: clean what comes from outside. */
  text<K extends MessageKey>(key: K, ...args: TextArgs<K>): string;
  /** The same as markup: arguments that are no {@link Html} are escaped. */
  html<K extends MessageKey>(key: K, ...args: HtmlArgs<K>): Html;
}

/** The texts for a reader of this locale (a BCP 47 tag). Whatever it is, there are texts. */
export type MessagesFor = (locale?: string) => Messages;

/** Source of each text, by key. */
export type Texts = Readonly<Record<string, string>>;

/** A language and its texts; `texts` may be read when they are first needed. */
export interface Catalogue {
  readonly tag: string;
  readonly texts: () => Texts;
}

/** Ours. */
export const messagesFor: MessagesFor = (locale) => {
  ours ??= createMessages(ownCatalogues());
  return ours(locale);
};

let ours: MessagesFor | undefined;

/** @param catalogues every one has every text; one of them is English */
export function createMessages(catalogues: readonly Catalogue[]): MessagesFor {
  const languages = new Map(
    catalogues.map((catalogue) => [catalogue.tag.toLowerCase(), createLanguage(catalogue)]),
  );
  const english = languages.get(ENGLISH);
  if (english === undefined) throw new Error("Cannot write: there are no English texts");
  const known = new Map<string, Messages>();
  return (locale = ENGLISH_LOCALE) => {
    const before = known.get(locale);
    if (before !== undefined) return before;
    const language = nearest(languages, locale);
    const messages: Messages = {
      ...(language ?? english),
      locale: language === undefined ? ENGLISH_LOCALE : canonical(locale, language.lang),
    };
    if (known.size >= LOCALES_MAX) known.clear();
    known.set(locale, messages);
    return messages;
  };
}

export const ENGLISH = "en";
/** English dates that nobody reads month first. */
const ENGLISH_LOCALE = "en-GB";

/** Callers name locales, and must not fill our memory with them. */
const LOCALES_MAX = 200;

/** RFC 4647 §3.4: by the tag, then without its last part, until there are texts. */
export function nearest<T>(languages: ReadonlyMap<string, T>, locale: string): T | undefined {
  const parts = locale.toLowerCase().split("-");
  while (parts.length > 0) {
    const found = languages.get(parts.join("-"));
    if (found !== undefined) return found;
    parts.pop();
    // A part of one letter only says what the parts after it are.
    if (parts.at(-1)?.length === 1) parts.pop();
  }
  return undefined;
}

function canonical(locale: string, lang: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? lang;
  } catch {
    return lang;
  }
}

/** Texts of numbers alone are kept as written, because a plural costs 50 times as much as a text without. */
const WRITTEN_MAX = 500;

function createLanguage({ tag, texts }: Catalogue): Omit<Messages, "locale"> {
  const compiled = new Map<string, MessageFormat>();
  const written = new Map<string, string>();
  const escaped = new Map<string, Html>();

  function message(key: string): MessageFormat {
    const before = compiled.get(key);
    if (before !== undefined) return before;
    const sources = texts();
    const source = Object.hasOwn(sources, key) ? sources[key] : undefined;
    if (source === undefined) throw new Error(`Cannot write: no text ${key} in ${tag}`);
    const made = compileMessage(tag, source);
    compiled.set(key, made);
    return made;
  }

  function write(key: string, args: Args): string {
    const values = Object.values(args);
    if (!values.every((value) => typeof value === "number")) return message(key).format(args, fail);
    const name = `${key} ${values.join(" ")}`;
    const before = written.get(name);
    if (before !== undefined) return before;
    const text = message(key).format(args, fail);
    if (written.size >= WRITTEN_MAX) written.clear();
    written.set(name, text);
    return text;
  }

  /** A text without arguments. */
  function constant(key: string): string {
    const before = written.get(key);
    if (before !== undefined) return before;
    const text = message(key).format(undefined, fail);
    written.set(key, text);
    return text;
  }

  function constantHtml(key: string): Html {
    const before = escaped.get(key);
    if (before !== undefined) return before;
    const html = new Html(escapeHtml(constant(key)));
    escaped.set(key, html);
    return html;
  }

  return {
    lang: tag,
    dir: RIGHT_TO_LEFT.has(new Intl.Locale(tag).maximize().script ?? "") ? "rtl" : "ltr",
    text: (key: string, args?: Args | null) => (args ? write(key, args) : constant(key)),
    html: (key: string, args?: Args | null) => {
      if (!args) return constantHtml(key);
      return hasMarkup(args)
        ? new Html(message(key).formatToParts(args, fail).map(markupOf).join(""))
        : new Html(escapeHtml(write(key, args)));
    },
  };
}

function hasMarkup(args: Args): boolean {
  return Object.values(args).some((value) => value instanceof Html);
}

function markupOf(part: Part): string {
  if ("value" in part && part.value instanceof Html) return part.value.toString();
  if ("value" in part && typeof part.value === "string") return escapeHtml(part.value);
  if ("parts" in part && part.parts !== undefined) {
    return part.parts.map(({ value }) => escapeHtml(String(value))).join("");
  }
  throw new Error(`Cannot write: a part of a text is ${part.type}`);
}

type Part = ReturnType<MessageFormat["formatToParts"]>[number];
type Args = Readonly<Record<string, unknown>>;

/** A text that cannot be written is a fault of ours, as a template that prints `undefined` is. */
function fail(error: unknown): never {
  throw new Error("Cannot write a text", { cause: error });
}

/** @throws for a source that is not MessageFormat 2 */
export function compileMessage(tag: string, source: string): MessageFormat {
  const { MessageFormat } = require("messageformat") as typeof Library;
  // Isolation would put invisible characters around arguments, into subjects and into what people copy.
  return new MessageFormat(tag, source, { bidiIsolation: "none" });
}

/** Scripts (ISO 15924) of the languages in use that are written so. */
const RIGHT_TO_LEFT: ReadonlySet<string> = new Set(["Adlm", "Arab", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa"]);

const FOLDER = new URL("views/messages/", PACKAGE_ROOT);

/** The catalogues that come with Countersign. */
export function ownCatalogues(): readonly Catalogue[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => {
      let texts: Texts | undefined;
      return {
        tag: file.slice(0, -".json".length),
        texts: () => (texts ??= JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Texts),
      };
    });
}

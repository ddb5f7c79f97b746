/** The facts of a mail, one beside the other in the HTML part, one below the other in the text. */
import type { Person } from "../../approval/approval.ts";
import type { DateText } from "../../lib/date-text.ts";
import { escapeHtml, Html } from "../../lib/html.ts";
import type { MessageArgs } from "../../lib/message-args.ts";
import type { MessageKey, Messages } from "../../lib/messages.ts";
import { cleanText, oneLine } from "../../lib/text.ts";
import { linklessText } from "./asker-text.ts";
import { type Both, shownPerson } from "./shown.ts";

export interface Row {
  readonly label: Both;
  readonly lines: readonly Line[];
}

export interface Line {
  readonly html: Html;
  readonly text: string;
  /** Whether it has words that are not ours: those are marked in the text part. */
  readonly theirs: boolean;
  readonly weight: "strong" | "soft" | "plain";
}

export function row(messages: Messages, label: LabelKey, ...lines: readonly (Line | undefined)[]): Row {
  return { label: ours(messages, label), lines: lines.filter((line) => line !== undefined) };
}

/** A text of ours without arguments, for both parts. */
export function ours(messages: Messages, key: PlainKey): Both {
  return { html: messages.html(key), text: messages.text(key) };
}

/** Keys of texts that are given nothing. */
export type PlainKey = {
  [K in MessageKey]: MessageArgs[K] extends null ? K : never;
}[MessageKey];

type LabelKey = Extract<PlainKey, `label.${string}`>;

export function ourLine(text: string, weight: Line["weight"] = "plain"): Line {
  return { html: new Html(escapeHtml(text)), text, theirs: false, weight };
}

export function theirLine({ html, text }: Both): Line {
  return { html, text, theirs: true, weight: "plain" };
}

/** Text of several lines, without links. */
export function theirLines(text: string): readonly Line[] {
  return cleanText(text)
    .split("\n")
    .map((line) => theirLine({ html: linklessText(line), text: line }));
}

export function personLine(person: Person): Line {
  const { name, email } = shownPerson(person);
  if (name === undefined) return theirLine(email);
  return theirLine({
    html: new Html(`<bdi>${name.html.toString()}</bdi> · ${email.html.toString()}`),
    text: `${name.text} <${email.text}>`,
  });
}

export function dateLines(date: DateText): readonly Line[] {
  return [ourLine(date.local, "strong"), ...(date.utc === undefined ? [] : [ourLine(date.utc, "soft")])];
}

/** The person's name, or their address if they have none. */
export function nameOf({ name, email }: Person): string {
  return oneLine(name ?? email);
}

/** What a mail says, before it is laid out. */
import type { Person } from "../../approval/approval.ts";
import type { Html } from "../../lib/html.ts";
import type { Messages } from "../../lib/messages.ts";
import { type Line, ourLine, type Row } from "./rows.ts";
import { encodedBytes, type ShownRequest } from "./shown.ts";

export interface MailContent {
  readonly to: Person;
  readonly subject: string;
  /** Why the mail was sent, in one sentence. */
  readonly lead: string;
  /** The same with the name of a person in it, for the HTML part alone: in the text part, names stand on lines of their own. */
  readonly namedLead?: Html;
  /** What mail programs show beside the subject; the lead, if it is absent. */
  readonly preview?: string;
  /** Sentences of ours below the title. */
  readonly story: readonly string[];
  readonly rows: readonly Row[];
  /** What people have answered, or what a new round has changed: each with a title of its own. */
  readonly entries?: { readonly heading: string; readonly entries: readonly Entry[] };
  /** Buttons that lead to a page. */
  readonly actions: readonly Action[];
  /** Link that decides nothing in advance. */
  readonly viewLink?: string;
  /** The request itself, if the mail shows it. */
  readonly body?: ShownRequest;
}

export interface Entry {
  readonly title: Line;
  readonly lines: readonly Line[];
}

export interface Action {
  readonly label: Html;
  readonly url: string;
  readonly tone: "approve" | "reject" | "neutral";
  /** Before the address in the text part. */
  readonly invitation: string;
  /** Given where the label is the asker's: it follows the invitation. */
  readonly theirLabel?: string;
  /** What it leads to, as a sentence. */
  readonly means?: string;
}

/** What all parts of a mail are made with. */
export interface Making {
  readonly messages: Messages;
  readonly shownOf: (messages: Messages) => ShownRequest;
}

/**
 * The entries, as far as they fit: first all titles, then the lines of each. Where the lines do not fit, our own words are
 * left of them: half of what somebody wrote could read as something else.
 *
 * @param bytesMax of markup, as the mail is encoded
 */
export function entriesWithin(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  let bytes = 0;
  const titled = entries.filter(({ title }) => {
    bytes += bytesOf([title]);
    return bytes <= bytesMax;
  });
  const shown = titled.map(({ title, lines }) => {
    const more = bytesOf(lines);
    const fits = bytes + more <= bytesMax;
    if (fits) bytes += more;
    return { title, lines: fits ? lines : [...lines.filter(({ theirs }) => !theirs), LEFT_OUT] };
  });
  return titled.length === entries.length ? shown : [...shown, { title: LEFT_OUT, lines: [] }];
}

const LEFT_OUT = ourLine("[…]", "soft");

function bytesOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { html }) => sum + LINE_BYTES + encodedBytes(html.toString()), 0);
}

/** The markup around a line. */
const LINE_BYTES = 250;

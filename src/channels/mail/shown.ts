/**
 * The part of a request that its mails contain: as much as mail programs show. Gmail cuts a mail off at about 102 KB and
 * hides the rest. So a long request is shortened here, the mail says so, and the page shows all of it.
 *
 * Only whole blocks of the summary and whole details are left out: half of a value could read as another value.
 */
import type { ApprovalRequest, Person } from "../../approval/approval.ts";
import { REVERSIBLE, type ShownAction, shownActions } from "../../approval/shown-action.ts";
import { Html } from "../../lib/html.ts";
import type { Messages } from "../../lib/messages.ts";
import { cleanText, oneLine } from "../../lib/text.ts";
import { askerBlocks, askerText, linklessText, plainBlock } from "./asker-text.ts";

/** Text of an asker for both parts of a mail. */
export interface Both {
  readonly html: Html;
  readonly text: string;
}

export interface ShownPerson {
  readonly name: Both | undefined;
  readonly email: Both;
}

/** An action. */
interface MailedAction {
  /** Of several: which one it is, in our words. */
  readonly name: string | undefined;
  /** Whether it can be undone, in our words. */
  readonly reversible: string;
  /** That it is for more than once. */
  readonly standing: string | undefined;
  /** The tool, and what it acts on. */
  readonly facts: readonly { readonly label: string; readonly value: Both }[];
  /** Every argument, or none: the page shows what is too long for a mail. */
  readonly rows: readonly { readonly label: Both; readonly value: Html; readonly lines: readonly string[] }[];
  readonly json: { readonly html: Html; readonly lines: readonly string[] } | undefined;
  /** In place of the arguments. */
  readonly note: string | undefined;
  /** Of its arguments, as the mail is encoded: as a table, and as JSON. */
  readonly bytes: { readonly rows: number; readonly json: number };
}

/** The part that all mails about one approval in one language have in common. */
export interface ShownRequest {
  readonly actions: readonly MailedAction[];
  readonly summary:
    | { readonly html: Html; readonly lines: readonly string[]; readonly isWhole: boolean }
    | undefined;
  readonly details: readonly { readonly label: Both; readonly value: Both }[];
  /** How many there are beside those. */
  readonly detailsLeftOut: number;
}

/** Of summary and details together, as the mail is encoded. With all else in it a mail stays below 90 KB. */
const LONG_PART_BYTES_MAX = 60_000;
/** Of the summary, so that there is room for details. */
const SUMMARY_BYTES_MAX = 30_000;
/** Of an action's arguments. What is left is for the summary and the details. */
const ACTION_BYTES_MAX = 50_000;
/** The mark of a line of text, and its end. */
const LINE_BYTES = 10;
/** The markup around an argument. */
const ARGUMENT_BYTES = 120;
/** The markup around a detail. */
const ROW_BYTES = 600;

export function shownRequest(request: ApprovalRequest, messages: Messages): ShownRequest {
  const { summary = "" } = request;
  const mark = messages.text("mail.link.theirs");
  const { actions, bytes } = mailedActions(request, messages);
  const room = LONG_PART_BYTES_MAX - bytes;
  const shownSummary =
    summary === ""
      ? undefined
      : beginningOf(summary, { mark, bytesMax: Math.min(SUMMARY_BYTES_MAX, room / 2) });
  const details = detailsWithin(request.details, { mark, bytesMax: room - (shownSummary?.bytes ?? 0) });
  return { actions, summary: shownSummary, details, detailsLeftOut: request.details.length - details.length };
}

/** The actions and how long they are, as the mail is encoded. Half of one could read as another one, so all are whole, or none. */
function mailedActions(
  request: ApprovalRequest,
  messages: Messages,
): { readonly actions: readonly MailedAction[]; readonly bytes: number } {
  const shown = shownActions(request, messages);
  const actions = shown.map((action, i) => ({
    ...mailedAction(action, messages),
    name: request.items && messages.text("action.item", { n: i + 1, of: shown.length }),
  }));
  const rows = actions.reduce((sum, { bytes }) => sum + bytes.rows, 0);
  const both = actions.reduce((sum, { bytes }) => sum + bytes.json, rows);
  if (both <= ACTION_BYTES_MAX) return { actions, bytes: both };
  const withoutJson = actions.map((action) => ({ ...action, json: undefined }));
  if (rows <= ACTION_BYTES_MAX) return { actions: withoutJson, bytes: rows };
  const note = messages.text("mail.action.page");
  return { actions: withoutJson.map((action) => ({ ...action, rows: [], note })), bytes: 0 };
}

function mailedAction(
  { tool, target, audience, reversible, standing, ...shown }: ShownAction,
  messages: Messages,
): Omit<MailedAction, "name"> {
  const rows = shown.rows.map(({ label, value }) => ({
    label: both(label),
    value: linklessText(value),
    lines: value.split("\n"),
  }));
  const json = { html: linklessText(shown.json), lines: shown.json.split("\n") };
  const facts = [
    { label: "action.tool", text: tool },
    { label: "action.target", text: target },
    { label: "action.audience", text: audience },
  ] as const;
  return {
    reversible: messages.text(REVERSIBLE[reversible]),
    standing,
    facts: facts.flatMap(({ label, text }) =>
      text === undefined ? [] : [{ label: messages.text(label), value: both(text) }],
    ),
    rows,
    json: rows.length === 0 || standing !== undefined ? undefined : json,
    note: rows.length === 0 ? messages.text("action.none") : undefined,
    bytes: {
      rows: rows.reduce(
        (sum, { label, value, lines }) => sum + longer(`${label.html.toString()}${value.toString()}`, lines),
        0,
      ),
      json: longer(json.html.toString(), json.lines),
    },
  };
}

/** How long a part of an action is in the part of the mail in which it is longer: in the text, each line has a mark. */
function longer(html: string, lines: readonly string[]): number {
  const text = encodedBytes(lines.join("")) + lines.length * LINE_BYTES;
  return ARGUMENT_BYTES + Math.max(encodedBytes(html), text);
}

interface Room {
  readonly bytesMax: number;
  readonly mark: string;
}

export function shownPerson({ name, email }: Person): ShownPerson {
  return { name: name === undefined ? undefined : both(name), email: both(email) };
}

/** One line that holds no link. */
export function both(text: string): Both {
  const line = oneLine(text);
  return { html: linklessText(line), text: line };
}

function valueOf(text: string, mark: string): Both {
  const line = oneLine(text);
  return { html: askerText(line, mark), text: line };
}

function detailsWithin(
  details: ApprovalRequest["details"],
  { bytesMax, mark }: Room,
): ShownRequest["details"] {
  const shown: { label: Both; value: Both }[] = [];
  let bytes = 0;
  for (const detail of details) {
    const row = { label: both(detail.label), value: valueOf(detail.value, mark) };
    bytes += ROW_BYTES + encodedBytes(row.label.html.toString() + row.value.html.toString());
    if (bytes > bytesMax) break;
    shown.push(row);
  }
  return shown;
}

function beginningOf(source: string, { bytesMax, mark }: Room) {
  const lines = cleanText(source).split("\n");
  let html = "";
  let bytes = 0;
  let endLine = 0;
  for (const block of askerBlocks(source, mark)) {
    const more = encodedBytes(block.html);
    if (bytes + more > bytesMax) {
      return endLine === 0
        ? cutOff(beginningInWords(lines.join("\n"), { bytesMax, mark }))
        : cutOff({ html, lines: lines.slice(0, endLine) });
    }
    bytes += more;
    html += block.html;
    ({ endLine } = block);
  }
  return { html: new Html(html), lines, bytes, isWhole: true };
}

function cutOff({ html, lines }: { readonly html: string; readonly lines: readonly string[] }) {
  return {
    html: new Html(`${html}<p>[…]</p>\n`),
    lines: [...lines, "", "[…]"],
    bytes: encodedBytes(html),
    isWhole: false,
  };
}

/** The beginning of a block that is too long by itself, as plain text. */
function beginningInWords(text: string, { bytesMax, mark }: Room) {
  let shown = text;
  for (;;) {
    const html = plainBlock(shown, mark);
    const bytes = encodedBytes(html);
    if (bytes <= bytesMax) return { html, lines: shown.split("\n") };
    // Somewhat shorter than in proportion, so that few rounds are needed.
    shown = cutAtWord(shown.slice(0, Math.floor((shown.length * bytesMax * 0.95) / bytes)));
  }
}

/** Less a word that was cut in two, unless there are no blanks to speak of; what may be an address is never cut. */
function cutAtWord(text: string): string {
  let end = text.length;
  while (end > 0 && !BLANK.test(text[end - 1] ?? "")) end -= 1;
  const isWord = text.length - end <= WORD_CHARS_MAX || text.includes(":", end);
  if (isWord) return text.slice(0, end).trimEnd();
  return text.isWellFormed() ? text : text.slice(0, -1);
}

const BLANK = /\s/u;

/** Longer ones are those of scripts that put no blanks between words. */
const WORD_CHARS_MAX = 100;

/** Bytes of markup in quoted-printable, less its soft line breaks: three for all but printable ASCII. */
export function encodedBytes(markup: string): number {
  const plain = markup.replaceAll(/[^ -<>-~]+/gu, "").length;
  return plain + 3 * (Buffer.byteLength(markup) - plain);
}

/** A list as a file: page by page, so that it needs no more memory for more approvals. */
import type { Entry } from "../../ledger/entry.ts";
import type { Ledger, ListQuery } from "../../ledger/ledger.ts";

export type FileFormat = "csv" | "jsonl";

export const MEDIA_TYPES: Readonly<Record<FileFormat, string>> = {
  csv: "text/csv; charset=utf-8; header=present",
  jsonl: "application/jsonl; charset=utf-8",
};

const PAGE = 100;

/** Chunks of text, one for each page. */
export async function* exported(
  ledger: Pick<Ledger, "list">,
  query: ListQuery,
  format: FileFormat,
): AsyncGenerator<string, void, undefined> {
  const line = format === "csv" ? csvLine : (entry: Entry) => `${JSON.stringify(entry)}\n`;
  let header = format === "csv" ? csvRow(Object.keys(COLUMNS)) : "";
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? {} : { cursor };
    const page = await ledger.list({ ...query, limit: PAGE, ...from });
    const text = header + page.items.map(line).join("");
    if (text !== "") yield text;
    header = "";
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

const people = (list: readonly string[]) => list.join("; ");

const COLUMNS: Readonly<Record<string, (entry: Entry) => string | number | undefined>> = {
  id: ({ id }) => id,
  status: ({ status }) => status,
  title: ({ title }) => title,
  requester: ({ requester }) => requester?.email,
  asked: ({ ballots }) => people([...new Set(ballots.map(({ approver }) => approver.email))]),
  answers: ({ ballots }) =>
    people(
      ballots
        .filter(({ decidedAt }) => decidedAt !== undefined)
        .map(({ approver, state }) => `${approver.email} ${state}`),
    ),
  waitingFor: ({ waitingFor }) => people(waitingFor),
  stage: ({ stage }) => stage,
  round: ({ round }) => round,
  createdAt: ({ createdAt }) => createdAt,
  deadline: ({ deadline }) => deadline,
  endedAt: ({ endedAt }) => endedAt,
  tags: ({ tags }) => people(Object.entries(tags).map(([name, value]) => `${name}:${value}`)),
  stands: ({ stands }) => stands?.kind,
  standsUntil: ({ stands }) => stands?.until,
};

function csvLine(entry: Entry): string {
  return csvRow(Object.values(COLUMNS).map((column) => String(column(entry) ?? "")));
}

/** A record of RFC 4180. */
function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/**
 * Spreadsheets run what begins like a formula, and callers choose titles. An apostrophe in front makes it text. The
 * characters are those that OWASP names, also behind blanks, which some programs cut off. Where people write 1,5 for one
 * and a half, spreadsheets take semicolons for the ends of cells, also within quotes, and so what is behind one begins a cell.
 * Quotes in front of it are then those around a cell, and cut off like blanks.
 */
function csvCell(text: string): string {
  const safe = text
    .split(/(?<=[;\t\r\n])/u)
    .map((part) => (/^[\s"]*[=+\-@\t\r|＝＋－＠]/u.test(part) ? `'${part}` : part))
    .join("");
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

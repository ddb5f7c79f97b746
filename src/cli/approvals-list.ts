import { shownJson } from "../approval/argument-rows.ts";
import type { HistoryEvent } from "../approval/history.ts";
import type { Entry } from "../ledger/entry.ts";
import { ServiceError } from "../lib/errors.ts";
import { approvalBehind } from "../service/approvals/approval-behind.ts";
import { exported, type FileFormat } from "../service/ledger/export.ts";
import { readHistory } from "../service/ledger/history.ts";
import { listCallIn } from "../service/ledger/list-call.ts";
import {
  type Cli,
  CommandFailure,
  checkedId,
  EXIT,
  type ExitCode,
  refuseOthers,
  UsageError,
} from "./command.ts";

/** `countersign approvals list|export|history`, which have options of their own. */
type ListVerb = "list" | "export" | "history";

export const LIST_HELP = `Conditions of list and export, all of which must hold:
  --status STATUS         pending, approved, rejected, expired, cancelled or failed
  --approver ADDRESS      Somebody who was asked
  --waiting-for ADDRESS   Somebody whose answer is awaited
  --requester ADDRESS     The person who asks
  --tag NAME:VALUE        A short member of the metadata; repeat it for several
  --q WORDS               Whole words of the title or the id, at most 8
  --created FROM..BEFORE  When it was requested: dates in UTC or instants, one of which may be left out
  --due FROM..BEFORE      The same of the deadline
  --stands approval|refusal
                          Only standing approvals, or refusals in advance, that hold now: what ends first, first
  --sort created|due      due: only what is pending, the soonest deadline first
  --limit N, --cursor CURSOR, --total
                          Of list: 1 to 100 (25), nextCursor of the page before, and whether to count
  --format csv|jsonl      Of export
`;

const CONDITIONS = [
  "status",
  "approver",
  "waiting-for",
  "requester",
  "tag",
  "q",
  "created",
  "due",
  "stands",
  "sort",
];

/** What each of them takes. */
const VERBS: Readonly<Record<ListVerb, readonly string[]>> = {
  list: [...CONDITIONS, "limit", "cursor", "total"],
  export: [...CONDITIONS, "format"],
  history: [],
};

export const LIST_VERBS = Object.keys(VERBS) as readonly ListVerb[];

export function isListVerb(verb: string): verb is ListVerb {
  return Object.hasOwn(VERBS, verb);
}

const text = { type: "string" } as const;
export const LIST_OPTIONS = {
  status: text,
  approver: text,
  "waiting-for": text,
  requester: text,
  tag: { type: "string", multiple: true },
  q: text,
  created: text,
  due: text,
  stands: text,
  sort: text,
  limit: text,
  cursor: text,
  total: { type: "boolean" },
  format: text,
} as const;

type Values = {
  readonly [Name in Exclude<keyof typeof LIST_OPTIONS, "tag" | "total">]?: string | undefined;
} & {
  readonly tag?: readonly string[] | undefined;
  readonly total?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/** @throws UsageError, CommandFailure */
export async function runLists(
  cli: Cli,
  verb: ListVerb,
  ids: readonly string[],
  values: Values,
): Promise<ExitCode> {
  refuseOthers(verb, values, VERBS[verb]);
  if (verb === "history") return await history(cli, ids, values);
  if (ids.length > 0) throw new UsageError(`${verb} takes no ID: what is ${ids.join(" ")}?`);
  return verb === "list" ? await list(cli, values) : await exportAll(cli, values);
}

async function list(cli: Cli, values: Values): Promise<ExitCode> {
  const { query } = callIn(values, cli.clock());
  const page = await (await cli.ledger()).list(query);
  const { items, nextCursor, total } = page;
  const text = () =>
    [
      ...items.map(line),
      ...(items.length === 0 ? ["No approvals"] : []),
      ...(total === undefined ? [] : [`${total.count}${total.isExact ? "" : " or more"} in all`]),
      ...(nextCursor === undefined ? [] : [`… there are more: --cursor ${nextCursor}`]),
    ].join("\n");
  cli.print(page, text, values);
  return EXIT.ok;
}

async function exportAll(cli: Cli, values: Values): Promise<ExitCode> {
  if (values.json === true) throw new UsageError("export takes no --json: say --format jsonl");
  const { query, format } = callIn(values, cli.clock());
  if (format === "json") throw new UsageError("--format must be csv or jsonl");
  for await (const chunk of exported(await cli.ledger(), query, format satisfies FileFormat))
    cli.write(chunk);
  return EXIT.ok;
}

/** By the rules of the API, whose parameters have the same names but for `waitingFor`. */
function callIn({ "waiting-for": waitingFor, total, ...others }: Values, nowMs: number) {
  const given = { ...others, json: undefined, waitingFor, total: total === true ? "true" : undefined };
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  try {
    return listCallIn(Object.fromEntries(named), nowMs);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const [problem] = error.problems;
    if (problem === undefined) throw error;
    const option = problem.field.replace("waitingFor", "waiting-for").replace(/\[\d+\]$/u, "");
    throw new UsageError(`--${option} ${problem.message}`, { cause: error });
  }
}

async function history(cli: Cli, ids: readonly string[], values: Values): Promise<ExitCode> {
  const [id, ...others] = ids;
  if (id === undefined || id === "") throw new UsageError("ID is missing");
  if (others.length > 0) throw new UsageError(`One ID only: what is ${others.join(" ")}?`);
  const durable = await cli.durable();
  const root = await approvalBehind(durable, checkedId(id));
  const found = root && (await readHistory(durable, root));
  if (found === undefined) throw new CommandFailure(EXIT.notFound, `There is no approval ${id}`);
  cli.print(found, () => found.events.map(eventLine).join("\n"), values);
  return EXIT.ok;
}

const STANDS = { approval: "can be used", refusal: "not to be asked again" } as const;

function line({ id, status, title, waitingFor, deadline, stands }: Entry): string {
  const waits = waitingFor.length === 0 ? "" : `  waits for ${waitingFor.join(", ")}`;
  const until = status === "pending" ? `  until ${deadline}` : "";
  const standing = stands === undefined ? "" : `  ${STANDS[stands.kind]} until ${stands.until}`;
  return `${id}  ${status}  ${title}${waits}${until}${standing}`;
}

function eventLine({ at, type, person, ballot, ...more }: HistoryEvent): string {
  const who = person === undefined ? "" : `  ${person.email}`;
  const which = ballot === undefined ? "" : `  ballot ${ballot}`;
  const rest = Object.entries(more).map(([name, value]) => {
    if (typeof value !== "object") return `  ${name} ${JSON.stringify(String(value))}`;
    return `  ${name} ${shownJson("email" in value ? value.email : value)}`;
  });
  return `${at}  ${type}${which}${who}${rest.join("")}`;
}

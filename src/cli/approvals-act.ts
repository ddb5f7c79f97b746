/** The acts of `countersign approvals`: the same use cases as behind the API, by the operator. */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { changeRequest, extendRequest, reassignRequest, recuseRequest } from "../approval/act-requests.ts";
import { cancelRequest } from "../approval/cancel-request.ts";
import { COMMAND_LINE } from "../approval/doer.ts";
import { ballotNumber } from "../approval/ids.ts";
import { addressKey } from "../approval/person.ts";
import { problemsFromIssues } from "../approval/problems.ts";
import { requestOf } from "../approval/stored.ts";
import type { ApprovalView } from "../approval/view.ts";
import { loadAliases } from "../config/aliases.ts";
import { readDataFile } from "../lib/data-file.ts";
import { type FieldProblem, ServiceError } from "../lib/errors.ts";
import type { Acted, ActOptions, Actor, MailedByHand, OnBallot } from "../service/approvals/act.ts";
import {
  reassignBallot,
  recuseBallot,
  reissueBallot,
  undoDecision,
} from "../service/approvals/ballot-acts.ts";
import { cancelApproval } from "../service/approvals/cancel.ts";
import { changeApproval, extendApproval } from "../service/approvals/end-acts.ts";
import { failureOf, LOST_APPROVAL, lostBallot } from "../service/approvals/failure.ts";
import { mailView, remindBallot, resendBallot } from "../service/approvals/mail-acts.ts";
import { IDEMPOTENCY_KEY_RULE, idFromKeys, nonceFromKey } from "../service/idempotency-key.ts";
import { viewOf } from "./approvals-show.ts";
import { type Cli, CommandFailure, EXIT, type ExitCode, UsageError } from "./command.ts";

export const ACT_OPTIONS = {
  ballot: { type: "string" },
  approver: { type: "string" },
  to: { type: "string" },
  reason: { type: "string" },
  deadline: { type: "string" },
  title: { type: "string" },
  content: { type: "string" },
  note: { type: "string" },
  "new-links": { type: "boolean" },
  key: { type: "string" },
} as const;

type Values = { readonly [Name in Exclude<keyof typeof ACT_OPTIONS, "new-links">]?: string | undefined } & {
  readonly "new-links"?: boolean | undefined;
  readonly json?: boolean | undefined;
};

interface Asked {
  readonly options: ActOptions;
  readonly approval: string;
  /** Number of the ballot, of an act on one. */
  readonly n: number;
  readonly actor: Actor;
}

interface Done {
  readonly isDone: boolean;
  /** What to print beside the approval and the key. */
  readonly told: Readonly<Record<string, string | number | undefined>>;
  /** Of a mail: what became of it. */
  readonly mail?: MailedByHand | undefined;
  /** Whether this command is stored; false if an earlier one stands. Default: it is. */
  readonly effective?: boolean;
}

export interface Act {
  readonly verb: string;
  /** Options that it takes, beside those that every act takes. */
  readonly takes: readonly (keyof typeof ACT_OPTIONS)[];
  /** Reads the options. @throws UsageError */
  readonly read: (values: Values) => (asked: Asked) => Promise<Done>;
}

const ON_BALLOT = ["ballot", "approver"] as const;

const LIST: readonly Act[] = [
  onBallot(
    "remind",
    [],
    () =>
      ({ options, actor }, named) =>
        remindBallot(options, named, actor),
  ),
  onBallot(
    "resend",
    ["new-links"],
    ({ "new-links": isNew }) =>
      ({ options, actor }, named) =>
        isNew === true ? reissueBallot(options, named, actor) : resendBallot(options, named, actor),
  ),
  onBallot("reassign", ["to", "reason"], ({ to, reason }) => {
    const body = checked(reassignRequest, { to, reason });
    return ({ options, actor }, named) => reassignBallot(options, named, { ...actor, ...body });
  }),
  onBallot("recuse", ["reason"], ({ reason }) => {
    const body = checked(recuseRequest, { reason });
    return ({ options, actor }, named) => recuseBallot(options, named, { ...actor, ...body });
  }),
  onBallot(
    "undo",
    [],
    () =>
      ({ options, actor }, named) =>
        undoDecision(options, named, actor),
  ),
  { verb: "cancel", takes: ["reason"], read: readCancel },
  onApproval("extend", ["deadline", "reason"], ({ deadline, reason }) => {
    const body = checked(extendRequest, { deadline, reason });
    return ({ options, approval, actor }) => extendApproval(options, approval, { ...actor, ...body });
  }),
  onApproval("change", ["title", "content", "note"], ({ title, content, note }) => {
    const file = content === undefined ? {} : contentIn(content);
    const options = given({ title, note });
    const { note: why, ...changed } = checked(changeRequest, { ...file, ...options }, (field) =>
      content === undefined || Object.hasOwn(options, field) ? `--${field}` : `${content}: ${field}`,
    );
    return ({ options, approval, actor }) =>
      changeApproval(options, approval, { ...actor, content: changed, note: why });
  }),
];

/** Of a command that repeats what another key has done. */
const EARLIER = "done by an earlier command, and what that one said stands";

export const ACTS: ReadonlyMap<string, Act> = new Map(LIST.map((act) => [act.verb, act]));

export async function actOn(cli: Cli, id: string, act: Act, values: Values): Promise<ExitCode> {
  const { verb, takes } = act;
  const run = act.read(values);
  const key = values.key ?? randomUUID();
  const keyId = idFromKeys([key]);
  if (keyId === undefined) throw new UsageError(`--key ${IDEMPOTENCY_KEY_RULE}`);
  const nonce = nonceFromKey(COMMAND_LINE, keyId);
  const durable = await cli.durable();
  const view = await viewOf(cli, durable, id);
  const n = takes.includes("ballot") ? ballotNamed(view, values) : 0;
  const actor: Actor = { door: "api", caller: COMMAND_LINE, nonce };
  const known = loadAliases(cli.config);
  const options: ActOptions = { durable, clock: cli.clock, known, signal: new AbortController().signal };
  const about = n === 0 ? view.id : `${view.id} ${n}`;
  const { isDone, told, mail, effective } = await run({ options, approval: view.id, n, actor }).catch(
    (error: unknown) => {
      throw error instanceof ServiceError ? failed(error) : error;
    },
  );
  cli.record({ what: verb, about: view.id, nonce, outcome: effective === false ? "repeated" : "stored" });
  const ballot = n === 0 ? {} : { ballot: n };
  const answer = {
    approval: view.id,
    ...ballot,
    ...told,
    ...(mail && { mail: mailView(mail) }),
    ...(effective === undefined ? {} : { effective }),
    key,
    isDone,
  };
  const rest = [...Object.entries(told).map(([name, value]) => `, ${name} ${value}`), mailText(mail)];
  const done = effective === false ? EARLIER : isDone ? "done" : "stored; no worker has acted on it yet";
  cli.print(answer, () => `${about}  ${verb}  ${done}${rest.join("")}\n  key  ${key}`, values);
  if (mail?.status === "undeliverable") return EXIT.failed;
  return isDone ? EXIT.ok : EXIT.pending;
}

function mailText(mail: MailedByHand | undefined): string {
  if (mail === undefined) return "";
  const { status, reason, possibleAgainAt } = mailView(mail);
  return `, mail ${status}${reason === undefined ? "" : ` (${reason})`}, possible again at ${possibleAgainAt}`;
}

function failed(error: ServiceError): Error {
  if (error.code === "NOT_FOUND") return new CommandFailure(EXIT.notFound, error.message);
  if (error.code === "CONFLICT") return new CommandFailure(EXIT.conflict, error.message);
  return error.code === "INVALID_FIELDS" ? new UsageError(listed(error.problems)) : error;
}

function onBallot(
  verb: string,
  takes: Act["takes"],
  read: (
    values: Values,
  ) => (asked: Asked, named: { approval: string; n: number }) => Promise<Acted<OnBallot>>,
): Act {
  return {
    verb,
    takes: [...ON_BALLOT, ...takes],
    read: (values) => {
      const run = read(values);
      return async (asked) => {
        const { approval, n } = asked;
        const { course, isDone, mailed } = standing(verb, await run(asked, { approval, n }), {
          unknown: `There is no ballot ${n} of ${approval}`,
          lost: ({ standing: stands }) => lostBallot(verb, stands),
        });
        const next = course.ballots.find(({ ballot }) => ballot.via?.from === n);
        return { isDone, told: next === undefined ? {} : { next: next.ballot.n }, mail: mailed };
      };
    },
  };
}

function onApproval(
  verb: string,
  takes: Act["takes"],
  read: (values: Values) => (asked: Asked) => Promise<Acted<object>>,
): Act {
  return {
    verb,
    takes,
    read: (values) => {
      const run = read(values);
      return async (asked) => {
        const unknown = `There is no approval ${asked.approval}`;
        const { course, isDone } = standing(verb, await run(asked), {
          unknown,
          lost: () => LOST_APPROVAL,
        });
        const deadline = new Date(course.deadlineAtMs).toISOString();
        return { isDone, told: { deadline, round: course.state.round } };
      };
    },
  };
}

function readCancel({ reason }: Values): (asked: Asked) => Promise<Done> {
  const body = checked(cancelRequest, { reason });
  return async ({ options, approval, actor }) => {
    const root = await options.durable.read(approval);
    const request = root && requestOf(root);
    if (root === undefined || request === undefined)
      throw new CommandFailure(EXIT.notFound, `There is no approval ${approval}`);
    const { root: ended, effective } = await cancelApproval(
      options,
      { root, request },
      { ...actor, ...body },
    );
    return { isDone: ended.state !== "pending", told: {}, effective };
  };
}

/** @throws ServiceError unless this act, or an earlier one with its key, is stored */
function standing<Result>(
  verb: string,
  acted: Acted<Result>,
  words: Parameters<typeof failureOf<Result>>[2],
) {
  const failure = failureOf(verb, acted, words);
  if (failure !== undefined || acted.kind !== "stands") throw failure;
  return acted;
}

/** @throws UsageError, CommandFailure */
function ballotNamed({ id, ballots }: ApprovalView, { ballot, approver }: Values): number {
  if ((ballot === undefined) === (approver === undefined)) {
    throw new UsageError("Say which ballot, by either --ballot N or --approver ADDRESS");
  }
  if (ballot !== undefined) {
    const n = ballotNumber(ballot);
    if (n !== undefined) return n;
    throw new UsageError(`--ballot must be a ballot's number, as show lists them, not ${ballot}`);
  }
  const key = addressKey(approver ?? "");
  const found = ballots.filter((each) => addressKey(each.approver.email) === key).at(-1);
  if (found !== undefined) return found.n;
  throw new CommandFailure(EXIT.notFound, `${approver} has no ballot of ${id}`);
}

function contentIn(file: string): object {
  const content: unknown = readDataFile(file);
  if (typeof content === "object" && content !== null && !Array.isArray(content)) return content;
  throw new CommandFailure(EXIT.usage, `${file} must have title, summary and details, or some of them`);
}

/**
 * @param named what the user calls a field; default: the option of its name
 * @throws UsageError with every problem
 */
function checked<Body>(
  schema: z.ZodType<Body>,
  values: Readonly<Record<string, unknown>>,
  named: Named = asOption,
): Body {
  const body = given(values);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new UsageError(listed(problemsFromIssues(parsed.error.issues, body), named));
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

type Named = (field: string) => string;

const asOption: Named = (field) => `--${field}`;

function listed(problems: readonly FieldProblem[], named: Named = asOption): string {
  return problems
    .map(({ field, message }) => (field === "body" ? message : `${named(field)} ${message}`))
    .join("\n");
}

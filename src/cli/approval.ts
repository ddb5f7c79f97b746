/** `--func approval` and `--approval`: the command line requests an approval with the same checks and promise as `POST /approvals`. */
import type { ApprovalRequest } from "../approval/approval.ts";
import { parseDeadline } from "../approval/deadline.ts";
import { KIND_TAG } from "../approval/ids.ts";
import { differingFields } from "../approval/meaning.ts";
import { parseApprovalRequest, readApprovalContent } from "../approval/request.ts";
import { approvalCall, termsWith } from "../approval/starting.ts";
import { callOf } from "../approval/stored.ts";
import { loadAliases } from "../config/aliases.ts";
import type { StoredPromise } from "../durable/durable.ts";
import { currentTime } from "../durable/engine-time.ts";
import { openAbsenceBook } from "../service/absences/book.ts";
import { type Cli, CommandFailure, EXIT, UsageError } from "./command.ts";

/** The options that a call of the workflow `approval` may come with, as given. */
export interface ApprovalOptions {
  readonly args: readonly unknown[];
  readonly version: number;
  readonly timeout: string | undefined;
  /** Where the request is from, for messages. Default: `--arg`. */
  readonly source?: string | undefined;
}

export const APPROVAL_TAGS = { [KIND_TAG]: "approval" } as const;

/**
 * Starts the approval, or returns the one that was started before with the same id and content.
 *
 * @throws UsageError with every problem, or CommandFailure if something else has the id; nothing was started then
 */
export async function startApproval(
  cli: Cli,
  id: string,
  target: string | undefined,
  options: ApprovalOptions,
): Promise<StoredPromise> {
  const { source = "--arg" } = options;
  const argument = argumentOf(options);
  if (idIn(argument) !== undefined && idIn(argument) !== id) {
    throw new UsageError(`${source} must have no id, or the id ${id}`);
  }
  const durable = await cli.durable();
  const nowMs = await currentTime({ durable, clock: cli.clock });
  const parsed = parse(cli, argument, nowMs);
  if (!parsed.ok) {
    // Its deadline, an instant, may have been far enough away when it was started.
    const content = readApprovalContent(argument);
    const earlier = content === undefined ? undefined : await durable.read(id);
    if (content !== undefined && earlier !== undefined && isSame(earlier, content)) return earlier;
    throw wrong(parsed.problems, source);
  }
  const awayAt = await openAbsenceBook((each) => durable.read(each)).awayAt(nowMs);
  const root = await durable.start({
    id,
    ...approvalCall(parsed.value, termsWith(parsed, { awayAt, known: loadAliases(cli.config) })),
    tags: APPROVAL_TAGS,
    ...(target === undefined ? {} : { target }),
  });
  if (isSame(root, parsed.value)) return root;
  throw new CommandFailure(
    EXIT.conflict,
    `${id} belongs to another call, or to an approval with different content; nothing was started`,
  );
}

/** The request of each occurrence. @throws UsageError with every problem */
export function scheduledApproval(cli: Cli, options: ApprovalOptions): ApprovalRequest {
  const { source = "--arg" } = options;
  const argument = argumentOf(options);
  if (idIn(argument) !== undefined) {
    throw new UsageError(`${source} must have no id: each occurrence gets its own, NAME-<time in ms>`);
  }
  // Only a duration will do, and that is the same whenever it is.
  const parsed = parse(cli, argument, cli.clock());
  if (!parsed.ok) throw wrong(parsed.problems, source);
  const deadline = parseDeadline(parsed.value.deadline);
  if (deadline?.kind !== "duration") {
    throw new UsageError(
      `${source} must have a duration such as P5D as its deadline, because an instant fits only one occurrence`,
    );
  }
  return parsed.value;
}

function argumentOf({ args, version, timeout }: ApprovalOptions): unknown {
  if (args.length !== 1) {
    throw new UsageError(
      `--arg must be given once, with a body of POST /approvals, such as '{"title":"Buy pens","approvers":["ana@example.com"]}'`,
    );
  }
  if (version !== 1) throw new UsageError("--version must be 1 for approval");
  if (timeout !== undefined) {
    throw new UsageError("--timeout must be left out for approval: its deadline ends it");
  }
  return args[0];
}

function parse(
  { callbackUrlProblem, config }: Cli,
  argument: unknown,
  nowMs: number,
): ReturnType<typeof parseApprovalRequest> {
  const { mayApproveByDeadline } = config;
  const { whoIs } = loadAliases(config);
  return parseApprovalRequest(argument, { nowMs, callbackUrlProblem, mayApproveByDeadline, whoIs });
}

function wrong(
  problems: readonly { readonly field: string; readonly message: string }[],
  source: string,
): UsageError {
  const said = problems.map(({ field, message }) => `  ${field} ${message}`.trimEnd()).join("\n");
  return new UsageError(`${source} must be an approval request:\n${said}`);
}

function idIn(argument: unknown): unknown {
  return typeof argument === "object" && argument !== null && "id" in argument ? argument.id : undefined;
}

function isSame(root: StoredPromise, asked: ApprovalRequest): boolean {
  const stored = callOf(root);
  return stored !== undefined && differingFields(stored, asked).length === 0;
}

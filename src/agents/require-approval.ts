/**
 * `requireApproval`: a tool that runs only when people have approved this very call, with the arguments that they approved.
 *
 * R1 The approval is named by the caller. The same name and content is the same approval, so a program that was started
 *    again goes on waiting and asks nobody twice.
 * R2 The tool runs after a grant, and a grant is given to one attempt. By default each call is an attempt of its own, so a tool
 *    never runs twice for one approval: where a process died after the grant, the next one gets `Used`.
 * R3 Who names the attempt gets the same grant again, and the tool runs again. It then has the grant's name to tell by
 *    that it did the work already.
 */
import type { Approval, ApprovalRequest } from "../client/api-types.ts";
import type { Client } from "../client/client.ts";
import { pause } from "../client/pause.ts";
import { CountersignError } from "../client/problem.ts";
import { canonical } from "./canonical.ts";
import { Cancelled, Changed, Expired, NotApproved, Rejected, Used } from "./errors.ts";
import { Runs } from "./run-once.ts";

/** A JSON object. */
export type Arguments = object;

/** Who is asked for what. */
export interface Policy<Args extends Arguments> {
  /** Its key needs `approvals:create`, `approvals:read` and `approvals:consume`. */
  readonly client: Pick<Client, "start" | "wait" | "consume">;
  /** The tool, as people and its program know it. */
  readonly action: Omit<NonNullable<ApprovalRequest["action"]>, "arguments">;
  /** What people are asked about a call. */
  readonly question: (args: Args) => Omit<ApprovalRequest, "id" | "action" | "items" | "atomic">;
  /**
   * Names the approval of a call where the call itself does not, as where a framework calls the tool. Default: the framework's
   * own id of the call.
   */
  readonly id?: (args: Args) => string;
  /** How long the service may be out of reach before a call gives up, in milliseconds. Default: an hour. */
  readonly outageMs?: number;
}

/** Which call it is. */
export interface Call {
  /** Names the approval: derive it from the task, so that it is the same after a restart. 1 to 64 letters, digits, `.`, `_`, `-`. */
  readonly id: string;
  /** Names the attempt to run it, see R3. Default: one that no other call has. */
  readonly attempt?: string;
  /**
   * Ends the wait of this call, and leaves the approval open. Other calls of the same name wait on. A tool that has started is not
   * stopped.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What a tool is told besides its arguments. */
export interface Granted {
  readonly approval: string;
  /** Names this one use of the approval: the idempotency key for what the tool does. */
  readonly use: string;
  /** The signed grant (a JWT), for who wants to verify it. */
  readonly grant: string;
}

export type Tool<Args extends Arguments, Result> = (args: Args, granted: Granted) => Result | Promise<Result>;

/** A tool that asks first. Rejects with a `NotApproved` if it was not run, and otherwise as the tool does. */
export type ApprovedTool<Args extends Arguments, Result> = (args: Args, call: Call) => Promise<Result>;

const OUTAGE_MS = 60 * 60_000;
const PAUSE_MS = 2_000;
const TURN_MS = 60_000;

export function requireApproval<Args extends Arguments, Result>(
  tool: Tool<Args, Result>,
  policy: Policy<Args>,
): ApprovedTool<Args, Result> {
  const runs = new Runs<Result>();
  return async (args, call) => {
    const { id, attempt, signal } = named(call);
    signal?.throwIfAborted();
    const name = canonical([id, attempt ?? null]);
    const tried = {
      attempt: attempt ?? crypto.randomUUID(),
      isNamed: attempt !== undefined,
      args: canonical(args),
      signal,
    };
    const run = runs.once(name, tried, async (own, end, started) => {
      const patience = { outageMs: policy.outageMs ?? OUTAGE_MS, signal: end };
      await throughOutages(patience, () => ask(policy, id, args));
      const approved = approvedArguments(await decided(policy, id, patience));
      const use = { arguments: approved, attempt: own };
      const granted = await throughOutages(patience, () => consume(policy, id, use));
      // Nobody waits for it any more.
      end.throwIfAborted();
      started();
      return await tool(approved as Args, granted);
    });
    if (run === undefined) throw new Changed(id, `"${id}" was called with other arguments`);
    return await run;
  };
}

/** For callers whose compiler does not check it: a tool takes one argument elsewhere. */
function named(call: Call | undefined): Call {
  if (typeof call?.id === "string") return call;
  throw new TypeError("Name the approval: call the tool with its arguments and { id }");
}

async function ask<Args extends Arguments>(
  { client, action, question }: Policy<Args>,
  id: string,
  args: Args,
): Promise<void> {
  const given = args as Readonly<Record<string, unknown>>;
  try {
    await client.start({ ...question(args), id, action: { ...action, arguments: given } });
  } catch (cause) {
    // People have refused it in advance.
    if (typeOf(cause) === "standing-refusal") throw new Rejected(id, messageOf(cause), { cause });
    if (typeOf(cause) !== "conflict") throw cause;
    throw new Changed(id, `Something else was asked as "${id}": ${messageOf(cause)}`, { cause });
  }
}

/** The approval when it has ended. */
async function decided(
  { client }: Pick<Policy<never>, "client">,
  id: string,
  patience: Patience,
): Promise<Approval> {
  const { signal } = patience;
  for (;;) {
    // In turns, so that each outage is measured by itself.
    const turn = { timeoutMs: TURN_MS, signal };
    const approval = await throughOutages(patience, () => client.wait(id, turn));
    if (approval.status !== "pending") return approval;
  }
}

interface Patience {
  readonly outageMs: number;
  readonly signal: AbortSignal;
}

/** What the call answers. Each of ours has one effect, however often it is made, so it is made until the service can be reached. */
async function throughOutages<T>({ outageMs, signal }: Patience, call: () => Promise<T>): Promise<T> {
  const endAt = performance.now() + outageMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      const isOutage = error instanceof CountersignError && error.isRetryable;
      if (!isOutage || performance.now() >= endAt) throw error;
      await pause(PAUSE_MS, signal);
    }
  }
}

/** @throws NotApproved unless it was approved */
function approvedArguments(approval: Approval): Readonly<Record<string, unknown>> {
  const { id, status, outcome } = approval;
  const approved = outcome?.action?.arguments;
  if (status === "approved" && approved !== undefined) return approved;
  const reason = outcome?.reason ?? approval.error ?? `The approval is ${status}`;
  const words = approval.ballots.flatMap(({ comment }) => (comment === undefined ? [] : [comment]));
  const message = [reason, ...words].join("\n");
  switch (status) {
    case "rejected":
      throw new Rejected(id, message);
    case "expired":
      throw new Expired(id, message);
    case "cancelled":
      throw new Cancelled(id, message);
    default:
      throw new NotApproved(id, message);
  }
}

async function consume<Args extends Arguments>(
  { client, action: { audience } }: Policy<Args>,
  id: string,
  call: { readonly arguments: Readonly<Record<string, unknown>>; readonly attempt: string },
): Promise<Granted> {
  try {
    const to = audience === undefined ? {} : { audience };
    const { approval, use, grant } = await client.consume(id, { ...call, ...to });
    return { approval, use: `${approval}:use~${use}`, grant };
  } catch (cause) {
    const message = messageOf(cause);
    switch (typeOf(cause)) {
      case "already-consumed":
        throw new Used(id, message, { cause });
      case "not-as-approved":
        throw new Changed(id, message, { cause });
      case "no-longer-valid":
        throw isRevoked(cause) ? new Cancelled(id, message, { cause }) : new Expired(id, message, { cause });
      default:
        throw cause;
    }
  }
}

function typeOf(error: unknown): string | undefined {
  return error instanceof CountersignError ? error.type : undefined;
}

function isRevoked(error: unknown): boolean {
  return error instanceof CountersignError && error.approvalStatus === "revoked";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

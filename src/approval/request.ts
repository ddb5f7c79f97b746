/** Unknown input to an approval request, or everything that is wrong with it. */
import { z } from "zod";
import type { FieldProblem } from "../lib/errors.ts";
import { DEADLINE_WINDOW, type Deadline, deadlineAt, parseDeadline, withinWindow } from "./deadline.ts";
import { metadataProblems } from "./metadata.ts";
import { addressKey } from "./person.ts";
import { fieldPath, problemsFromIssues } from "./problems.ts";
import {
  APPROVERS_MAX,
  type ApprovalRequest,
  approvalRequestSchema,
  callbackUrlSchema,
  storedRequestSchema,
} from "./schema.ts";

/**
 * How long an approval's workflow outlives its deadline: time to close ballots and report, also when no worker runs
 * at the deadline itself. Its root promise ends at deadline + slack.
 */
export const APPROVAL_SLACK_MS = 24 * 3_600_000;

/** More would not help to correct a request, and responses stay small. */
const PROBLEMS_MAX = 100;

export interface RequestRules {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** What must be different about a callback URL, if something must: which ones may be called is a matter of settings. */
  readonly callbackUrlProblem: (url: string) => string | undefined;
}

export type ParsedRequest =
  | {
      readonly ok: true;
      readonly value: ApprovalRequest;
      /** The id that the caller chose. */
      readonly id?: string;
      /** Instant at which the approval ends undecided, in milliseconds since 1970. */
      readonly deadlineAtMs: number;
    }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/**
 * Reads a request made at `nowMs`, or returns every problem found in it.
 *
 * The value is plain JSON that passes the engine unchanged: absent fields are absent, defaults are filled in, text is
 * trimmed and free of bidi controls. Two requests mean the same if their values are equal.
 */
export function parseApprovalRequest(
  input: unknown,
  { nowMs, callbackUrlProblem }: RequestRules,
): ParsedRequest {
  const parsed = approvalRequestSchema.safeParse(input);
  const problems = parsed.success ? [] : problemsFromIssues(parsed.error.issues, input);
  problems.push(...relationProblems(input));
  const deadline = deadlineOf(input);
  if (deadline !== undefined && !withinWindow(deadline, nowMs)) {
    problems.push({ field: "deadline", message: `must be ${DEADLINE_WINDOW} from now` });
  }
  const url = callbackUrlSchema.safeParse(isRecord(input) ? input["callbackUrl"] : undefined);
  const message = url.success ? callbackUrlProblem(url.data) : undefined;
  if (message !== undefined) problems.push({ field: "callbackUrl", message });
  if (!parsed.success || deadline === undefined || problems.length > 0) {
    return { ok: false, problems: problems.slice(0, PROBLEMS_MAX) };
  }
  const { id, ...value } = parsed.data;
  return { ok: true, value, deadlineAtMs: deadlineAt(deadline, nowMs), ...(id === undefined ? {} : { id }) };
}

const parsedRequest: z.ZodType<ParsedRequest> = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    value: storedRequestSchema,
    id: z.exactOptional(z.string()),
    deadlineAtMs: z.number(),
  }),
  z.object({ ok: z.literal(false), problems: z.array(z.object({ field: z.string(), message: z.string() })) }),
]);

/** What `requestApproval` says when another program has settled that step with something else. */
export const CHECK_SETTLED_BY_OTHERS = "another program settled its check";

/** The result of a step that parsed a request; undefined if another program wrote it. */
export function parsedRequestIn(value: unknown): ParsedRequest | undefined {
  const parsed = parsedRequest.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/**
 * Reads a request without judging how far away its deadline is, to compare it with one that was accepted earlier;
 * undefined if it could never have been accepted.
 */
export function readApprovalContent(input: unknown): ApprovalRequest | undefined {
  const parsed = approvalRequestSchema.safeParse(input);
  if (!parsed.success || relationProblems(input).length > 0) return undefined;
  const { id: _, ...value } = parsed.data;
  return value;
}

/** Problems between fields, found on the raw input so that they are reported beside the problems within fields. */
function relationProblems(input: unknown): FieldProblem[] {
  if (!isRecord(input)) return [];
  const problems: FieldProblem[] = [];
  const approvers = Array.isArray(input["approvers"]) ? input["approvers"].slice(0, APPROVERS_MAX) : [];
  const requester = addressOf(input["requester"]);
  const seen = new Map<string, number>();
  for (const [i, approver] of approvers.entries()) {
    const address = addressOf(approver);
    if (address === undefined) continue;
    const field = fieldPath(["approvers", i, ...(typeof approver === "string" ? [] : ["email"])]);
    const first = seen.get(address);
    if (first !== undefined)
      problems.push({ field, message: `must be named once: same as approvers[${first}]` });
    if (address === requester) {
      problems.push({ field, message: "must not be the requester, who may not decide" });
    }
    seen.set(address, first ?? i);
  }
  const require = input["require"];
  if (typeof require === "number" && approvers.length > 0 && require > approvers.length) {
    problems.push({
      field: "require",
      message: `must be at most the number of approvers (${approvers.length})`,
    });
  }
  if (isRecord(input["metadata"])) problems.push(...metadataProblems(input["metadata"], "metadata"));
  return problems;
}

function deadlineOf(input: unknown): Deadline | undefined {
  if (!isRecord(input)) return undefined;
  const text = input["deadline"] ?? approvalRequestSchema.shape.deadline.parse(undefined);
  return typeof text === "string" ? parseDeadline(text) : undefined;
}

function addressOf(person: unknown): string | undefined {
  const email = isRecord(person) ? person["email"] : person;
  return typeof email === "string" ? addressKey(email) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

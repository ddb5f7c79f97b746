/** Unknown input to an approval request, or everything that is wrong with it. */
import { z } from "zod";
import type { FieldProblem } from "../lib/errors.ts";
import { MAIL_ADDRESS, MAIL_ADDRESS_CHARS_MAX } from "../lib/mail-address.ts";
import type { ApprovalRequest } from "./approval.ts";
import { type Deadline, deadlineAt, parseDeadline, withinWindow } from "./deadline.ts";
import { ID_PATTERN } from "./ids.ts";
import { metadataProblems } from "./metadata.ts";
import { addressKey } from "./person.ts";
import { fieldPath, problemsFromIssues } from "./problems.ts";
import { lineProblem, linesProblem, storableProblem, tidyLine, tidyLines } from "./text.ts";

/**
 * How long an approval's workflow outlives its deadline: time to close ballots and report, also when no worker runs
 * at the deadline itself. Its root promise ends at deadline + slack.
 */
export const APPROVAL_SLACK_MS = 24 * 3_600_000;

const APPROVERS_MAX = 50;
const DETAILS_MAX = 50;
/** More would help nobody to mend a request, and answers stay small. */
const PROBLEMS_MAX = 100;

const emailSchema = z
  .string()
  .max(MAIL_ADDRESS_CHARS_MAX)
  .overwrite((text) => text.trim())
  .regex(MAIL_ADDRESS, "must be one plain mail address, such as ana@example.com")
  .meta({ description: "One mail address.", examples: ["ana@example.com"] });

const nameSchema = line(100).meta({ description: "Name shown beside the address." });

const personSchema = z
  .strictObject({
    email: emailSchema,
    name: z.exactOptional(nameSchema),
    locale: z.exactOptional(
      z
        .string()
        .max(35)
        .refine(isLocale, "must be a BCP 47 language tag, such as de-AT")
        .meta({ description: "BCP 47 language tag.", examples: ["de-AT"] }),
    ),
    timeZone: z.exactOptional(
      z
        .string()
        .max(64)
        .refine(isTimeZone, "must be an IANA time zone, such as Europe/Berlin")
        .meta({ description: "IANA time zone.", examples: ["Europe/Berlin"] }),
    ),
  })
  .meta({ id: "PersonInput" });

const approverSchema = z
  .union([emailSchema.transform((email) => ({ email })), personSchema])
  .meta({ id: "PersonOrAddress", description: "A person, or their mail address alone." });

/** Which URLs may be called is a matter of settings; see {@link RequestRules}. */
export const callbackUrlSchema = z
  .string()
  .max(2000)
  .refine(isPlainHttpUrl, "must be an https URL, such as https://example.com/hooks/approvals")
  .overwrite((text) => URL.parse(text)?.href ?? text)
  .meta({
    description: "Where events about this approval are sent, signed.",
    examples: ["https://example.com/hooks/approvals"],
  });

/**
 * The body of `POST /approvals` and the argument of `requestApproval`. Rules that look at several fields at once
 * (people named twice, the requester among the approvers, `require`, the deadline's distance) are not in it.
 */
export const approvalRequestSchema = z.strictObject({
  id: z.exactOptional(
    z
      .string()
      .regex(ID_PATTERN, "must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit")
      .meta({ description: "The approval's id; the same id and content name the same approval." }),
  ),
  title: line(200).meta({ description: "What is to be decided, in one line." }),
  summary: z.exactOptional(
    lines(10_000).meta({
      description: "What one must know to decide: markdown, of which a safe subset is shown.",
    }),
  ),
  details: z
    .array(z.strictObject({ label: line(100), value: line(1000) }).meta({ id: "DetailInput" }))
    .max(DETAILS_MAX)
    .default([])
    .meta({ description: "Facts shown as a table." }),
  requester: z.exactOptional(approverSchema.meta({ description: "Who asks. May not be an approver." })),
  approvers: z
    .array(approverSchema)
    .min(1)
    .max(APPROVERS_MAX)
    .meta({ description: "Who is asked, each person once." }),
  require: z
    .union([z.enum(["any", "all"]), z.int().min(1).max(APPROVERS_MAX)])
    .default("any")
    .meta({ description: "How many approvals are needed." }),
  rejection: z.enum(["veto", "majority"]).default("veto").meta({
    description: "veto: one rejection ends it. majority: it ends when enough approvals are out of reach.",
  }),
  deadline: z
    .string()
    .refine((text) => parseDeadline(text) !== undefined, {
      message:
        "must be an ISO 8601 duration in weeks, days, hours, minutes (P5D, PT36H; months and years have no fixed length) or an instant (2026-12-01T12:00:00Z)",
    })
    .default("P7D")
    .meta({ description: "ISO 8601 duration from now, or instant; 1 minute to 90 days away." }),
  onDeadline: z
    .enum(["expire", "reject"])
    .default("expire")
    .meta({ description: "How it ends when the deadline passes undecided." }),
  callbackUrl: z.exactOptional(callbackUrlSchema),
  metadata: z
    .record(z.string(), z.unknown())
    .default({})
    .meta({ description: "Any JSON object of at most 16 KiB; comes back with the outcome." }),
});

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
 * Reads a request made at `nowMs`, or answers every problem found in it.
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
    problems.push({ field: "deadline", message: "must be 1 minute to 90 days from now" });
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

function line(charsMax: number) {
  return text(charsMax, tidyLine, lineProblem);
}

/** Schema of text of several lines, tidied. */
export function lines(charsMax: number) {
  return text(charsMax, tidyLines, linesProblem);
}

/** Controls are looked for in the text as given, which trimming would hide; reserved words in the text as stored. */
function text(charsMax: number, tidy: (raw: string) => string, problem: (raw: string) => string | undefined) {
  return z
    .string()
    .superRefine((raw, ctx) => {
      const message = problem(raw) ?? storableProblem(tidy(raw));
      if (message !== undefined) ctx.addIssue({ code: "custom", message });
    })
    .overwrite(tidy)
    .min(1)
    .max(charsMax);
}

/** Blanks and controls are refused, because `URL` would drop them, and people would read another address. */
function isPlainHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s\p{Cc}]+$/iu.test(text) && URL.canParse(text);
}

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** A named zone; fixed offsets such as `+01:00` are refused, because they are wrong for half of the year. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/u.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

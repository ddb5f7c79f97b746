/** Why an act did nothing, in words: the same for programs and on the command line. */
import type { BallotStanding } from "../../approval/standing.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Acted, Refusal } from "./act.ts";

const REFUSALS: Readonly<Record<Refusal, string>> = {
  version: "it was requested with an earlier version of Countersign, and can only be cancelled",
  "not-theirs": "it belongs to somebody else",
  ended: "the approval has ended",
  "not-open": "the ballot is open no more: it is answered or closed",
  "under-way": "its deadline or question was just changed. Look at it as it is now, and try again",
  "too-often": "its question has been handed on or sent anew too often",
  "too-many-mails": "the same person was sent 50 mails by hand about this approval, which is the most",
  "to-requester": "must not be the requester, who may not decide",
  "to-same": "must be somebody else: it is their ballot already",
  "to-member": "must not be somebody who is asked, or has answered, in the same group",
  "too-soon": "another mail was ordered for the same person less than an hour ago",
  "undo-over": "there is no answer that can be taken back any more",
  "no-reassign": "its approvers may not hand their question on",
  "no-undo": "answers of this approval cannot be taken back",
  "deadline-earlier": "must be at least a minute later than the present one",
  "deadline-too-late": "must be within 400 days of the approval's start",
  "no-rounds": "no further round is allowed (rounds)",
  unedited: "must differ from what they are",
  unchanged: "must say why everybody is asked again: title, summary and details are as they were",
};

/** Refusals of a value that another one would not have met. */
const REFUSED_FIELDS: Partial<Readonly<Record<Refusal, string>>> = {
  "to-requester": "to",
  "to-same": "to",
  "to-member": "to",
  "deadline-earlier": "deadline",
  "deadline-too-late": "deadline",
  unchanged: "note",
  unedited: "arguments",
};

interface Words<Result> {
  /** There is no such thing. */
  readonly unknown: string;
  /** What is in the way of a call that came too late. */
  readonly lost: (result: Result) => string;
  /** Refusals in other words than those for programs. */
  readonly refusals?: Partial<Readonly<Record<Refusal, string>>>;
  /** A time in milliseconds since 1970. Default: as ISO 8601 has it. */
  readonly at?: (ms: number) => string;
}

/** Why it was refused, as the end of a sentence. */
export function refusalText(why: Refusal): string {
  const field = REFUSED_FIELDS[why];
  return field === undefined ? REFUSALS[why] : `${field} ${REFUSALS[why]}`;
}

/**
 * @param what the act, as a verb
 * @returns undefined if this call, or an earlier one with its key, is stored
 */
export function failureOf<Result>(
  what: string,
  acted: Acted<Result>,
  { unknown, lost, refusals = {}, at = iso }: Words<Result>,
): ServiceError | undefined {
  const conflict = (why: string) => new ServiceError("CONFLICT", `Cannot ${what}: ${why}`);
  switch (acted.kind) {
    case "unknown":
      return new ServiceError("NOT_FOUND", unknown);
    case "other-content":
      return conflict("the Idempotency-Key belongs to another call");
    case "stands":
      return acted.effective ? undefined : conflict(lost(acted));
    case "refused": {
      const { why, againAtMs } = acted;
      const text = refusals[why] ?? REFUSALS[why];
      if (againAtMs !== undefined) return conflict(`${text}. It is possible again at ${at(againAtMs)}`);
      const field = REFUSED_FIELDS[why];
      if (field === undefined) return conflict(text);
      const problems = [{ field, message: text }];
      return new ServiceError("INVALID_FIELDS", `Cannot ${what}: some fields are wrong`, { problems });
    }
    default:
      return acted satisfies never;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** What became of an act, as the audit record has it. */
export function auditOutcomeOf(acted: Acted<unknown>): string {
  switch (acted.kind) {
    case "unknown":
      return "unknown";
    case "refused":
      return acted.why;
    case "other-content":
      return "other content";
    case "stands":
      return acted.effective ? "stored" : "too late";
    default:
      return acted satisfies never;
  }
}

export const LOST_APPROVAL = "another call, an answer or the end came first";

/** What came first, of an act on a ballot. */
export function lostBallot(what: string, standing: BallotStanding): string {
  if (what === "undo" && standing.kind === "decided") {
    return "the time for it was over, or the approval ended first: the answer counts";
  }
  return `the ballot is closed already (${standing.kind === "closed" ? standing.because : standing.kind})`;
}

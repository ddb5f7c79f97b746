/**
 * The domain's words as types: what is asked, who is asked, what was answered, how it ended.
 * Everything here is plain JSON, because it lives in durable promises and crosses processes.
 */
import type { z } from "zod";
import type { AwayPeople, InPlaceOf } from "./absence.ts";
import type { OutcomeAction } from "./action.ts";
import type { Program } from "./doer.ts";
import type { Evaluation } from "./evaluate/evaluation.ts";
import type { FieldValues } from "./field-answers.ts";
import type { DoNotAsk } from "./refusal/do-not-ask.ts";
import type { SamePeople } from "./same-person.ts";
import type {
  ApprovalRequest,
  choiceSchema,
  doorSchema,
  effectSchema,
  outcomeKindSchema,
  Person,
} from "./schema.ts";
import type { Why } from "./why.ts";

export type { ApprovalRequest, Person };

/** The value of one of the request's choices. */
export type Choice = z.output<typeof choiceSchema>;

/** The choices of a request that has none of its own. */
export type PlainChoice = "approve" | "reject";

/** What an answer does, whatever its choice is called. */
export type Effect = z.output<typeof effectSchema>;

/** How a decision came in. */
export type Door = z.output<typeof doorSchema>;

export type OutcomeKind = z.output<typeof outcomeKindSchema>;

/** The parameter of a ballot's promise: one approver's open question. */
export interface Ballot {
  readonly kind: "ballot";
  /** Promise id of the approval. */
  readonly approval: string;
  /**
   * Its position among the approval's promises: 1 for the first approver, or 2 where a schedule has started it. Later
   * ballots leave gaps.
   */
  readonly n: number;
  readonly approver: Person;
  /** Opaque id of this approver within this approval; goes into links in place of the address. */
  readonly recipient: string;
  /** Raised when new links are sent; links of an older generation no longer work. */
  readonly gen: number;
  /** Index of its stage. Absent: the first. */
  readonly stage?: number;
  /** Absent: the first. */
  readonly round?: number;
  /** Indexes of the stage's groups that the answer fills. Absent: the only one. */
  readonly groups?: readonly number[];
  /** Asked by an escalation. */
  readonly added?: true;
  readonly via?: Via;
  /** Those who are away, and in whose place this approver is asked. */
  readonly inPlaceOf?: readonly InPlaceOf[];
  /** Whether the request has choices or fields of its own, which an answer must be held against. */
  readonly custom?: true;
  /** Whether a decision on it can be taken back: then the promise that follows it says whether it was. */
  readonly undo?: true;
  /** SHA-256 of what is asked (`content.ts`). Absent in ballots that are older than this field. */
  readonly contentHash?: string;
  /** Of a request with an action: the SHA-256 of what an answer binds (`action.ts`). */
  readonly digest?: string;
}

export const VIA_KINDS = ["reassigned", "escalated", "absence", "undo", "reissued", "round"] as const;

/** Why a ballot was opened later than its stage, or in place of another. */
export interface Via {
  readonly kind: (typeof VIA_KINDS)[number];
  /** The number of the ballot that this one follows. */
  readonly from?: number;
  readonly reason?: string;
  /** The address of the person who handed it on. */
  readonly by?: string;
}

/**
 * The value of a ballot that was answered, with the program that decided in the approver's place: an API key, or the webhook source
 * that reported the press.
 */
export interface Decision extends Program {
  readonly kind: "decision";
  readonly choice: Choice;
  /** Absent: the same word as the choice. */
  readonly effect?: Effect;
  readonly comment?: string;
  /** What the approver filled in, by the names of the request's fields. */
  readonly fields?: FieldValues;
  /** Numbers of the items that the approver struck out, where there are any. */
  readonly except?: readonly number[];
  /** Of an answer that rejects an action: what is not to be asked again. */
  readonly doNotAsk?: DoNotAsk;
  /** SHA-256 of what the approver was shown (`content.ts`). Absent in decisions that are older than this field. */
  readonly contentHash?: string;
  /** Who decided: the approver's address. */
  readonly by: string;
  readonly door: Door;
  /** How the approver had signed in, where they answered in the inbox. Absent in decisions that are older than this field. */
  readonly signedInBy?: SignedInBy;
  /** Names the one press that wrote this: a press that finds its own nonce stored has decided. */
  readonly nonce: string;
}

/** By a mail with a link and a code, or by a passkey. */
export type SignedInBy = (typeof SIGNED_IN_BY)[number];
export const SIGNED_IN_BY = ["mail", "passkey"] as const;

/** What an answer does. */
export function effectOf({ choice, effect }: Pick<Decision, "choice" | "effect">): Effect {
  return effect ?? (choice === "approve" ? "approve" : "reject");
}

/**
 * The value of a ballot that was closed because the approval goes on or ends without it. How it ends is not known yet:
 * another ballot may be answered while this one is withdrawn.
 */
export interface Withdrawal {
  readonly kind: "withdrawn";
  /** Absent: the approval ends. */
  readonly because?: (typeof WITHDRAWN_BECAUSE)[number];
}

/** Why an approval goes on without a ballot. */
export const WITHDRAWN_BECAUSE = ["stage-done", "escalated", "changes-requested", "round-over"] as const;

/** Who did something about a ballot or an approval, and which call it was. */
export interface Act extends Program {
  readonly door: Door;
  /** Names the one press or call that wrote this. */
  readonly nonce: string;
  /** The address of the person who did it by their own link. */
  readonly by?: string;
}

/** The value of a ballot that was handed to somebody else. */
export interface Reassignment extends Act {
  readonly kind: "reassigned";
  readonly to: Person;
  readonly reason?: string;
}

/** The value of a ballot whose approver takes no part. */
export interface Recusal extends Act {
  readonly kind: "recused";
  readonly reason?: string;
}

/** The value of a ballot whose links are replaced by new ones. */
export interface Reissue extends Act {
  readonly kind: "reissued";
}

/** The value of the promise that follows a ballot: whether the decision was taken back, or can no longer be. */
export type Undo = (Act & { readonly kind: "undone" }) | { readonly kind: "final" };

/** The value of the approval's end promise after a cancellation. It has none when the deadline passed. */
export interface Cancellation extends Program {
  readonly kind: "cancelled";
  readonly reason?: string;
  readonly nonce: string;
  /** Absent in what an earlier version stored, and so is all that follows. */
  readonly door?: Door;
  /** The address of the person who did it by their own link. */
  readonly by?: string;
}

/** The value of an end promise whose deadline was moved: the next one has it. */
export interface Extension extends Act {
  readonly kind: "extended";
  /** The new deadline, in milliseconds since 1970. */
  readonly untilMs: number;
  readonly reason?: string;
}

/** The value of an end promise when the question was changed: the next one is that of the next round. */
export interface Change extends Act {
  readonly kind: "changed";
  /** What replaces the request's fields of these names. */
  readonly content: Content;
  /** What was changed, or why, for those who are asked again. */
  readonly note?: string;
}

/** What is asked. Of this, a new round changes the title, the summary and the details. */
export type Content = Pick<ApprovalRequest, "title" | "summary" | "details" | "action" | "items" | "atomic">;

/**
 * The value of the approval's end promise when the workflow closed it. It is written after every open ballot was withdrawn,
 * so no answer can follow.
 */
export interface Closed {
  readonly kind: "closed";
  readonly outcome: OutcomeKind;
  readonly reason: string;
  /** As of the verdict. */
  readonly why?: Why;
  /** Numbers of the ballots whose answers count. Absent in records that are older than this list. */
  readonly answered?: readonly number[];
}

/** What became of one approver's mail. */
export type Delivery =
  /** `canBounce`: it had a return path of its own, so what comes back of it is known. */
  | { readonly status: "sent"; readonly messageId: string; readonly canBounce?: true }
  /** It is tried again: from `nextTryAtMs` on, in milliseconds since 1970, which older records lack. */
  | { readonly status: "deferred"; readonly reason: string; readonly nextTryAtMs?: number }
  | { readonly status: "undeliverable"; readonly reason: string }
  /** The ballot was no longer open when its turn came. */
  | { readonly status: "skipped" };

/** The result of a mail step, found again by `GET /approvals/:id`. */
export interface MailResult {
  readonly kind: "mail";
  /** The ballot's number. */
  readonly n: number;
  readonly delivery: Delivery;
}

/** One vote as the policy counts it. */
export interface Vote {
  readonly n: number;
  readonly email: string;
  readonly choice: Choice;
}

/** An answer that counts, as outcomes tell of it. */
export interface CountedDecision extends Vote, Program {
  /** Absent: the same word as the choice. */
  readonly effect?: Effect;
  /** Of the stage, from 1, where there are several. */
  readonly stage?: number;
  readonly comment?: string;
  readonly fields?: FieldValues;
  /** Numbers of the items that it struck out. */
  readonly except?: readonly number[];
  /** What is not to be asked again. */
  readonly doNotAsk?: DoNotAsk;
  /** ISO 8601 instant at which the ballot was settled, by the engine's clock. */
  readonly at: string;
  /** Absent in outcomes that are older than this field. */
  readonly door?: Door;
  /** As of the decision. Absent in outcomes that are older than this field, too. */
  readonly signedInBy?: SignedInBy;
}

/** What an approval of this version is started with, beside its request: times by the engine's clock, and who is away. */
export interface Terms {
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly deadlineAtMs: number;
  /** Who was away then, of those who matter to its first stage, by the key of their address. */
  readonly away?: AwayPeople;
  /** Which addresses are one person's. Absent in terms of earlier versions: each address is a person. */
  readonly people?: SamePeople;
}

/** The result of a judgement's step: what one pass of the workflow saw, and what follows from it. */
export interface Judgement
  extends Pick<Evaluation, "verdict" | "state" | "ask" | "nextEndAtMs" | "alarmAtMs"> {
  readonly kind: "judgement";
  /** The time of the engine when it looked. */
  readonly atMs: number;
  /** How many of end, ballots and undo promises were settled then; more than that is news. */
  readonly settled: number;
  /** Which of the timers that it was given were over, by index. */
  readonly rang: readonly number[];
  /** What replaced the request's content, if anything did. */
  readonly content?: Content;
  /** Where this judgement opened the round: why, and who changed the question in place of the requester. */
  readonly note?: string;
  readonly changedBy?: Program;
  /** Whose the addresses of those are whom it asks and the request does not name, where the operator's list says so. */
  readonly aliases?: SamePeople["aliases"];
  readonly decisions: readonly CountedDecision[];
}

/** The same of version 1 of the workflow. */
export interface JudgementV1 {
  readonly verdict: Verdict;
  /** How many of end and ballots were settled; more than that is news. */
  readonly settled: number;
  readonly retryDue: boolean;
  readonly decisions: readonly CountedDecision[];
}

/** What the rule says of the votes seen so far. */
export type Verdict =
  | { readonly kind: "wait" }
  | {
      readonly kind: "done";
      readonly outcome: OutcomeKind;
      /** One sentence, without names: it goes to logs too. */
      readonly reason: string;
      /** The same for programs. Absent in what an earlier version stored, and in version 1 of the workflow. */
      readonly why?: Why;
    };

/** The result of the approval's workflow. */
export interface Outcome {
  readonly approval: string;
  readonly outcome: OutcomeKind;
  /** One sentence for logs. */
  readonly reason: string;
  /** The same for programs, as of the verdict. */
  readonly why?: Why;
  /** The answers that count, in the order of the ballots. */
  readonly decisions: readonly CountedDecision[];
  /** In which round it ended, if the question was changed. */
  readonly round?: number;
  /** Of a request with an action. */
  readonly action?: OutcomeAction;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Longest time a link can be viewed after the deadline. */
export const LINK_VIEW_MS = 7 * 24 * 3_600_000;

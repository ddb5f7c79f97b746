/**
 * The domain's words as types: what is asked, who is asked, what was answered, how it ended.
 * Everything here is plain JSON, because it lives in durable promises and crosses processes.
 */
import type { z } from "zod";
import type { ApprovalRequest, choiceSchema, doorSchema, outcomeKindSchema, Person } from "./schema.ts";

export type { ApprovalRequest, Person };

export type Choice = z.output<typeof choiceSchema>;

/** How a decision came in. */
export type Door = z.output<typeof doorSchema>;

export type OutcomeKind = z.output<typeof outcomeKindSchema>;

/** The parameter of a ballot's promise: one approver's open question. */
export interface Ballot {
  readonly kind: "ballot";
  /** Promise id of the approval. */
  readonly approval: string;
  /** 1 for the first approver. */
  readonly n: number;
  readonly approver: Person;
  /** Opaque id of this approver within this approval; goes into links in place of the address. */
  readonly recipient: string;
  /** Raised when new links are sent; links of an older generation no longer work. */
  readonly gen: number;
}

/** The value of a ballot that was answered. */
export interface Decision {
  readonly kind: "decision";
  readonly choice: Choice;
  readonly comment?: string;
  /** Who decided: the approver's address. */
  readonly by: string;
  readonly door: Door;
  /** Names the one press that wrote this: a press that finds its own nonce stored has decided. */
  readonly nonce: string;
  /** The program that decided in the approver's place: an API key, or the webhook source that reported the press. */
  readonly caller?: string;
}

/**
 * The value of a ballot that was closed because the approval ends without it. How it ends is not known yet: another
 * ballot may be answered while this one is withdrawn.
 */
export interface Withdrawal {
  readonly kind: "withdrawn";
}

/** The value of the approval's end promise after a cancellation. It has none when the deadline passed. */
export interface Cancellation {
  readonly kind: "cancelled";
  readonly reason?: string;
  readonly nonce: string;
}

/**
 * The value of the approval's end promise when the workflow closed it. It is written after every open ballot was withdrawn,
 * so no answer can follow.
 */
export interface Closed {
  readonly kind: "closed";
  readonly outcome: OutcomeKind;
  readonly reason: string;
  /** Numbers of the ballots whose answers count. Absent in records that are older than this list. */
  readonly answered?: readonly number[];
}

/** What became of one approver's mail. */
export type Delivery =
  | { readonly status: "sent"; readonly messageId: string }
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
export interface CountedDecision extends Vote {
  readonly comment?: string;
  /** ISO 8601 instant at which the ballot was settled, by the engine's clock. */
  readonly at: string;
  /** Absent in outcomes that are older than this field. */
  readonly door?: Door;
  /** The program that decided in the approver's place. */
  readonly caller?: string;
}

/** The result of a judgement's step: what one pass of the workflow saw, and what follows from it. */
export interface Judgement {
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
    };

/** The result of the approval's workflow. */
export interface Outcome {
  readonly approval: string;
  readonly outcome: OutcomeKind;
  /** One sentence for people and logs. */
  readonly reason: string;
  /** The answers that count, in the order of the ballots. */
  readonly decisions: readonly CountedDecision[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Longest time a link can be viewed after the deadline. */
export const LINK_VIEW_MS = 7 * 24 * 3_600_000;

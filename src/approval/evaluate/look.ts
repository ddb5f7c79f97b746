/** What the rule is applied to: how far an approval has come, its ballots, its end, and the time. */
import type { AwayAt, InPlaceOf } from "../absence.ts";
import type { Choice, Effect, Via } from "../approval.ts";
import type { Program } from "../doer.ts";
import type { Person } from "../schema.ts";

/** How far the approval has come, as plain JSON. Each judgement stores it, so replays do not depend on this file. */
export interface State {
  /** From 1. */
  readonly round: number;
  /** Index of the open stage. */
  readonly stage: number;
  /** `revising`: changes were requested, and the requester has not made any yet. */
  readonly phase: "asking" | "revising";
  /** How many entries of the stage's chain were asked. */
  readonly escalations: number;
  /** Since when the stage's time runs, if it was started again; otherwise since its first ballot. */
  readonly sinceMs?: number;
  /** Numbers of the ballots that escalations have closed, to ask others in their place. */
  readonly replaced?: readonly number[];
  /**
   * The deadline that the mails of this stage named last, if the approval's was moved since the stage began. Their links can
   * be opened for a while after it (`LINK_VIEW_MS`).
   */
  readonly namedEndAtMs?: number;
  /** When it was last looked at. Reminders that were due before were sent. */
  readonly lookedAtMs?: number;
  /** The requester was told that too few people are left for the approvals that the stage needs, and that is still so. */
  readonly outOfReach?: true;
}

export const OPENING: State = { round: 1, stage: 0, phase: "asking", escalations: 0 };

/** One ballot of the open stage and round. */
export interface Seat {
  /** The ballot's number. */
  readonly n: number;
  readonly person: Person;
  /** Indexes of the groups that the answer fills. */
  readonly groups: readonly number[];
  /** Milliseconds since 1970, as all times here. */
  readonly openedAtMs: number;
  readonly gen: number;
  /** Asked by an escalation: their approval counts, and no more approvals are needed because of them. */
  readonly added?: true;
  readonly via?: Via;
  readonly inPlaceOf?: readonly InPlaceOf[];
  /** The mail cannot be delivered. An answer counts all the same, but nobody should wait for it. */
  readonly isUnreached?: boolean;
  readonly answer: SeatAnswer;
}

export type SeatAnswer =
  | { readonly kind: "open" }
  | {
      readonly kind: "decided";
      readonly choice: Choice;
      readonly effect: Effect;
      readonly atMs: number;
      /** Whether it can no longer be taken back, or never could. */
      readonly final: boolean;
    }
  | { readonly kind: "undone" }
  | { readonly kind: "reassigned"; readonly to: Person; readonly reason?: string; readonly by?: string }
  | { readonly kind: "recused" }
  | { readonly kind: "reissued" }
  /** Withdrawn, timed out, or settled by another program with something else. */
  | { readonly kind: "closed" };

/** Why the approval was cancelled, and by whom. */
interface Cancelled extends Program {
  readonly reason?: string;
  /** The address of the person who did it by their own link. */
  readonly by?: string;
}

/** What was seen of the end promise. */
export type End =
  | { readonly kind: "open"; readonly atMs: number }
  | { readonly kind: "deadline"; readonly atMs: number }
  | ({ readonly kind: "cancelled"; readonly atMs: number } & Cancelled)
  | { readonly kind: "extended"; readonly atMs: number; readonly untilMs: number }
  | { readonly kind: "changed"; readonly atMs: number; readonly deadlineAtMs: number };

export interface Look {
  readonly state: State;
  /** Of the open stage and round. */
  readonly seats: readonly Seat[];
  /** `atMs` of an open end is its deadline. */
  readonly end: End;
  readonly nowMs: number;
  /** Who is away at that time. Default: nobody. */
  readonly awayAt?: AwayAt;
}

export interface Settings {
  /** Whether `onDeadline: "approve"` is allowed. */
  readonly mayApproveByDeadline: boolean;
  /** Whether each person was mailed to; without that, silence is no consent. */
  readonly everybodyMailed: boolean;
}

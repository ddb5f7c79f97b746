/** What the rule comes to: the verdict, what is to be done, and why it stands so. */
import type { InPlaceOf } from "../absence.ts";
import type { Verdict, Via } from "../approval.ts";
import type { Member } from "../rule.ts";
import type { Person } from "../schema.ts";
import type { State } from "./look.ts";

/** A ballot to open. */
export interface Ask extends Member {
  readonly stage: number;
  readonly round: number;
  readonly gen: number;
  readonly added?: true;
  readonly via?: Via;
  /** Those who are away, and in whose place this person is asked. */
  readonly inPlaceOf?: readonly InPlaceOf[];
}

export interface Evaluation {
  readonly verdict: Verdict;
  /** What holds once the moves are made. */
  readonly state: State;
  /**
   * Numbers of open ballots that are to be withdrawn before anything else happens. Then the same look is evaluated again
   * with what they held, because an answer may have come in.
   */
  readonly close: readonly number[];
  readonly ask: readonly Ask[];
  /** Numbers of the ballots whose answers count, whatever they come to. */
  readonly counted: readonly number[];
  /** Numbers of the ballots whose answers came too late. */
  readonly late: readonly number[];
  /** Reminders that are due: of several for one ballot, the latest. */
  readonly remind: readonly { readonly n: number; readonly dueAtMs: number }[];
  /** What happened, for mails and events. */
  readonly news: readonly News[];
  /** The approval's new deadline, if it has one. */
  readonly nextEndAtMs?: number;
  /** When to look again, if nothing is settled before. */
  readonly alarmAtMs?: number;
  readonly explanation: Explanation;
}

export type News =
  | { readonly kind: "stage-opened"; readonly stage: number }
  | { readonly kind: "escalated"; readonly stage: number; readonly entry: number }
  | { readonly kind: "changes-requested" }
  | { readonly kind: "round-opened"; readonly round: number }
  | { readonly kind: "reassigned"; readonly n: number }
  /** Too few people are left for the approvals that the stage needs, and nobody else will be asked. */
  | { readonly kind: "out-of-reach"; readonly stage: number };

/** Why the approval stands as it does, for programs; pages and mails make sentences of it. */
export interface Explanation {
  readonly round: number;
  readonly rounds: number;
  /** The stage that is open, counted from 1, and how many there are. */
  readonly stage: number;
  readonly stages: number;
  readonly stageName?: string;
  /** Groups whose approvals are missing. */
  readonly waitingFor: readonly {
    readonly group?: string;
    /** How many approvals are missing, besides those that can still be taken back. */
    readonly needed: number;
    /** Who can give them. */
    readonly people: readonly Person[];
  }[];
  /** Names of groups of this stage, and of stages before it, that have approved. */
  readonly approved: readonly string[];
  /** Whether the requester must make changes before anything goes on. */
  readonly revising: boolean;
  /** Until when answers can be taken back, if that is all that is waited for. */
  readonly undoUntilMs?: number;
  /** The stage that comes next. */
  readonly next?: { readonly name?: string; readonly people: readonly Person[] };
  /** When the open stage's time is over, and what follows. */
  readonly stageEndsAtMs?: number;
  /** Groups that can no longer get the approvals that they need, if the stage cannot do without them. */
  readonly outOfReach?: readonly OutOfReach[];
}

export interface OutOfReach {
  readonly group?: string;
  /** How many approvals are missing. */
  readonly needed: number;
  /** Who can still answer. */
  readonly people: readonly Person[];
}

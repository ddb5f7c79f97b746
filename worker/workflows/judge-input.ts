/** What a pass of the approval workflow saw, for the step that judges it. */
import type { ApprovalRequest, Content, CountedDecision, Terms } from "../../src/approval/approval.ts";
import type { Ask } from "../../src/approval/evaluate/evaluation.ts";
import type { State } from "../../src/approval/evaluate/look.ts";
import type { Seen } from "../runtime/future.ts";

export interface JudgeInput {
  /** Promise id of the approval. */
  readonly approval: string;
  readonly request: ApprovalRequest;
  readonly terms: Terms;
  readonly state: State;
  /** Of the open stage and round. */
  readonly seats: readonly SeatSeen[];
  readonly end: Seen;
  /** The approval's deadline. */
  readonly endAtMs: number;
  /** Timers that may be open. */
  readonly alarms: readonly Seen[];
  /** What replaced the request's content. */
  readonly content: Content | undefined;
  /** Answers of the stages before. */
  readonly past: readonly CountedDecision[];
  /** What the judgement before this one saw. */
  readonly before: readonly CountedDecision[];
  /** Whether the mail of everybody who has not answered was accepted. */
  readonly isMailed: boolean;
  /** By the number of a ballot, that of the same person's first one, where it is another. */
  readonly first: Readonly<Record<number, number>>;
}

/** One question of the stage, as the pass saw it. */
export interface SeatSeen extends Seen {
  readonly n: number;
  readonly ask: Ask;
  readonly undo: Seen | undefined;
  /** Whether its mail had a return path of its own. */
  readonly canBounce: boolean;
  /** Whether its mail cannot be delivered. */
  readonly isUnreached: boolean;
}

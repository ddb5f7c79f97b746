import type { OutcomeKind, Person } from "../approval/approval.ts";
import type { BallotView } from "../approval/view.ts";
import type { Stands } from "./stands.ts";

/**
 * An approval as lists show it: who asks whom for what, until when, and how far it is. It follows from the approval's
 * stored promises alone (`derive.ts`). Times are ISO 8601 instants of the engine's clock.
 */
export interface Entry {
  readonly id: string;
  /** As in `GET /approvals/:id`. */
  readonly status: "pending" | OutcomeKind | "failed";
  readonly title: string;
  /** The person who asks. */
  readonly requester?: Person;
  /** From 1, of an approval in stages: the one that is open, or was last. */
  readonly stage?: number;
  /** How many there are. */
  readonly stages?: number;
  /** From 2: how often the question has been asked. */
  readonly round?: number;
  /** Changes were requested, and the requester has made none yet. */
  readonly revising?: boolean;
  /** Those that were opened, in that order. People of later stages have none yet. */
  readonly ballots: readonly EntryBallot[];
  /** Addresses of those whose ballots are open. */
  readonly waitingFor: readonly string[];
  readonly deadline: string;
  /** Until when those who are asked can answer, where that is sooner: the end of the open stage's time. */
  readonly nextDeadline?: string;
  readonly createdAt: string;
  readonly endedAt?: string;
  /** What it lets through or refuses in advance, unless that was revoked or used up. */
  readonly stands?: Stands;
  /** The short members of the request's metadata: see `tags.ts`. */
  readonly tags: Readonly<Record<string, string>>;
}

/** What lists by deadline are in the order of, in milliseconds since 1970. */
export function dueAtMs({ deadline, nextDeadline = deadline }: Entry): number {
  return Date.parse(nextDeadline);
}

export interface EntryBallot extends Pick<BallotView, "n" | "approver" | "state" | "stage" | "round"> {
  /** When it was answered. */
  readonly decidedAt?: string;
}

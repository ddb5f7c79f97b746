/**
 * What people and programs do with an open approval besides answering and cancelling it. Each act settles one promise, so
 * it races with presses and with other acts for that promise: the first settlement stands. The record that comes back
 * tells everyone who won.
 */

import type { Door } from "../../approval/approval.ts";
import { type Course, type CourseBallot, evaluationOf } from "../../approval/course.ts";
import type { KnownPeople } from "../../approval/same-person.ts";
import { type BallotStanding, standingIn } from "../../approval/standing.ts";
import { changeOf, extensionOf } from "../../approval/stored.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { readCourse } from "./question.ts";

export interface ActOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Aborts when the caller is gone. What was stored still counts. */
  readonly signal: AbortSignal;
  /** How long a worker may take to act on it, in milliseconds. Default 2,000. */
  readonly outcomeWaitMs?: number | undefined;
  /** Which addresses are one person's, by the operator's list. Default: it is empty. */
  readonly known?: KnownPeople | undefined;
}

/** Who acts, and by which call. */
export interface Actor {
  readonly door: Door;
  /** Names the press or call. The same nonce again finds what it did before. */
  readonly nonce: string;
  /** The address of the person who acts by a link of their own. They may act on what is theirs, a program on anything. */
  readonly by?: string | undefined;
  /** The program, for the record, and the name of its API key. */
  readonly caller?: string | undefined;
  readonly client?: string | undefined;
}

/** Why something cannot be done. Nothing was stored then. */
export type Refusal =
  /** Workflow version 1 only takes a cancellation. */
  | "version"
  /** The person has no right to it. */
  | "not-theirs"
  /** The approval has ended, or its question is being changed. */
  | "ended"
  /** It needs an open ballot, and this one is answered or closed. */
  | "not-open"
  /** An extension or change is stored, and no worker has acted on it yet; or it came while this one was made. */
  | "under-way"
  /** The ballot has been replaced too often. */
  | "too-often"
  /** The person was sent too many mails by hand about it. */
  | "too-many-mails"
  | "to-requester"
  /** It is their ballot already. */
  | "to-same"
  /** They are asked in a group that the ballot is for. */
  | "to-member"
  /** Another mail was ordered for the same person less than an hour ago. */
  | "too-soon"
  /** There is no answer to take back, or its time is over. */
  | "undo-over"
  /** No answer of this approval can be taken back. */
  | "no-undo"
  /** Approvers may not hand their question on. */
  | "no-reassign"
  | "deadline-earlier"
  | "deadline-too-late"
  | "no-rounds"
  /** The question would be the same, and nothing is said about it. */
  | "unchanged"
  /** The arguments would be the same. */
  | "unedited";

export type Acted<Result> =
  /** There is no such approval or ballot. */
  | { readonly kind: "unknown" }
  | {
      readonly kind: "refused";
      readonly why: Refusal;
      readonly course: Course;
      /** When it is possible again, in milliseconds since 1970, if that is only a matter of time. */
      readonly againAtMs?: number;
    }
  /** The nonce belongs to an act of another kind or content. */
  | { readonly kind: "other-content" }
  | ({
      readonly kind: "stands";
      /** Whether this call is stored, now or when it was made before. */
      readonly effective: boolean;
      /** Whether a worker has acted on what is stored. */
      readonly isDone: boolean;
      /** The approval as read afterwards. */
      readonly course: Course;
    } & Result);

/** Of an act on a ballot. */
export interface OnBallot {
  readonly ballot: CourseBallot;
  /** How the ballot is stored: by this act, or by one that came first. */
  readonly standing: BallotStanding;
  /** Of a mail by hand. */
  readonly mailed?: MailedByHand;
}

/** What became of a mail that was ordered by hand, and when the next one is possible. */
export interface MailedByHand {
  /** `pending`: not sent yet. */
  readonly status: "pending" | "sent" | "undeliverable";
  readonly reason?: string;
  /** Milliseconds since 1970. */
  readonly againAtMs: number;
}

/** Time for a worker to act: usually milliseconds. Callers then ask again. */
export const OUTCOME_WAIT_MS = 2_000;
const FIRST_PAUSE_MS = 5;

/** Reads the approval until nothing is left for a worker to do, or the time is up. */
export async function whenActedOn(
  { durable, signal, outcomeWaitMs = OUTCOME_WAIT_MS }: Omit<ActOptions, "clock">,
  approval: string,
): Promise<{ readonly course: Course | undefined; readonly isDone: boolean }> {
  const untilMs = performance.now() + outcomeWaitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    const course = await readCourse(durable, approval);
    if (course === undefined || isAtRest(course)) return { course, isDone: true };
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0 || signal.aborted) return { course, isDone: false };
    // Returns early if the approval ends.
    await durable.waitFor(approval, { timeoutMs: Math.min(pauseMs, leftMs), signal });
  }
}

/** Whether what is stored asks for nothing that a worker has yet to do. What follows from the clock, an alarm tells it. */
function isAtRest(course: Course): boolean {
  if (course.root.state !== "pending") return true;
  if (course.end === undefined) return false;
  const { verdict, close, ask, nextEndAtMs, state } = evaluationOf(course, 0);
  const { round, stage, phase } = course.state;
  return (
    verdict.kind === "wait" &&
    close.length + ask.length === 0 &&
    nextEndAtMs === undefined &&
    state.round === round &&
    state.stage === stage &&
    state.phase === phase
  );
}

/** Why nothing can be done with this approval any more; undefined while it is open. */
export function refusalOf({ call, root, end }: Course): Refusal | undefined {
  if (call.version === 1) return "version";
  if (root.state !== "pending") return "ended";
  if (end !== undefined && end.state !== "pending" && !makesWay(end)) return "ended";
  return undefined;
}

/** Whether the approval goes on with another end, also if no worker has made it yet. */
function makesWay(end: StoredPromise): boolean {
  return changeOf(end) !== undefined || extensionOf(end) !== undefined;
}

/** What a call that lost, or repeats itself, is told of a ballot. */
export async function stands(
  options: Omit<ActOptions, "clock">,
  approval: string,
  n: number,
  effective: boolean,
): Promise<Acted<OnBallot>> {
  const { course, isDone } = await whenActedOn(options, approval);
  const ballot = course?.ballots.find((each) => each.ballot.n === n);
  if (course === undefined || ballot === undefined) return { kind: "unknown" };
  return { kind: "stands", effective, isDone, course, ballot, standing: standingIn(course, n) };
}

/** @throws Error if the promise is gone: it was there a moment ago */
export async function settled(durable: Durable, id: string, value: unknown): Promise<StoredPromise> {
  const record = await durable.settle(id, value);
  if (record === undefined) throw new Error(`Cannot settle ${id}: its promise was deleted`);
  return record;
}

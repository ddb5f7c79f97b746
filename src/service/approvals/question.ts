import type { ApprovalRequest, Ballot } from "../../approval/approval.ts";
import { type Course, courseOf, evaluationOf } from "../../approval/course.ts";
import { ballotId, parentId } from "../../approval/ids.ts";
import { type BallotStanding, outcomeOfCancelled, standingIn } from "../../approval/standing.ts";
import { ballotOf, type StoredRecord } from "../../approval/stored.ts";
import type { Durable } from "../../durable/durable.ts";

/** One ballot with everything its page needs, as stored now. */
export interface Question {
  readonly ballot: Ballot;
  /** When the ballot was created, in milliseconds since 1970: another approval may have had its id before. */
  readonly bornAtMs: number;
  readonly request: ApprovalRequest;
  readonly standing: BallotStanding;
  /** The whole approval. */
  readonly course: Course;
}

/** What a press needs to know about a ballot before it settles it. */
export interface BallotAsked {
  readonly ballot: Ballot;
  /** As of `Question`. */
  readonly bornAtMs: number;
  /** Whether it is unanswered and not past its deadline. Its approval may have ended; then an answer does not count. */
  readonly isOpen: boolean;
}

/**
 * Reads only the ballot with the promise `pid`; undefined if that promise is not a ballot. Reading the approval's state
 * as well would prove nothing: it can end between the read and the press. The time of storing decides
 * (`src/approval/ending.ts`, N3).
 */
export async function readBallot(durable: Durable, pid: string): Promise<BallotAsked | undefined> {
  const record = await durable.read(pid);
  const ballot = record && ballotOf(record);
  if (record === undefined || ballot === undefined || ballot.approval !== parentId(pid)) return undefined;
  return { ballot, bornAtMs: record.createdAt, isOpen: record.state === "pending" };
}

/** Reads the ballot with the promise `pid`; undefined if that promise is not a ballot of an approval. */
export async function readQuestion(durable: Durable, pid: string): Promise<Question | undefined> {
  const approval = parentId(pid);
  const course = approval === undefined ? undefined : await readCourse(durable, approval);
  const found = course?.ballots.find(({ record }) => record.id === pid);
  if (course === undefined || found === undefined || found.ballot.approval !== approval) return undefined;
  const { root, end } = course;
  const hasEnded = root.state !== "pending" || (end !== undefined && end.state !== "pending");
  // An answer may have arrived between the read of the ballot and that of the end, and then it counts. A ballot that is
  // still open on the second read was not answered in time.
  const second = hasEnded && found.record.state === "pending" ? await durable.read(pid) : undefined;
  const settled = second === undefined ? course : withRecord(course, second);
  return {
    ballot: found.ballot,
    bornAtMs: found.record.createdAt,
    request: course.request,
    standing: standingIn(settled, found.ballot.n, outcomeOfCancelled(settled)),
    course: settled,
  };
}

/** Reads an approval whole; undefined if there is none of that id. */
export async function readCourse(durable: Durable, approval: string): Promise<Course | undefined> {
  const root = await durable.read(approval);
  // After the root: children then show at least what the root's state follows from.
  return root && courseOf(root, await durable.children(approval));
}

function withRecord(course: Course, record: StoredRecord): Course {
  const ballots = course.ballots.map((known) =>
    known.record.id === record.id ? { ...known, record } : known,
  );
  return { ...course, ballots };
}

/** The approval as it would be if this were stored in the ballot now. */
export function withBallot(course: Course, n: number, value: unknown, atMs: number): Course {
  const found = course.ballots.find(({ ballot }) => ballot.n === n);
  return found === undefined
    ? course
    : withRecord(course, { ...found.record, state: "resolved", value, settledAt: atMs });
}

/** Time for a worker to record the end of an approval that the answers have decided: usually milliseconds. */
const OUTCOME_WAIT_MS = 1_000;

/**
 * The same question, but waits a moment if the answers have decided the approval and no worker has recorded it yet. The
 * person who gave the deciding answer wants to see the result.
 */
export async function withOutcome(
  durable: Durable,
  question: Question,
  signal: AbortSignal,
): Promise<Question> {
  const { ballot, course, standing } = question;
  if (standing.kind !== "decided" || standing.outcome !== undefined) return question;
  // By the clock it could only be later: an alarm wakes the worker for that.
  if (evaluationOf(course, 0).verdict.kind === "wait") return question;
  await durable.waitFor(ballot.approval, { timeoutMs: OUTCOME_WAIT_MS, signal });
  return (await readQuestion(durable, ballotId(ballot.approval, ballot.n))) ?? question;
}

/** What an approval's stored promises say of it in a list. */
import { type Course, courseOf, nextDeadlineOf } from "../approval/course.ts";
import type { Reading } from "../approval/limits/last-slot.ts";
import { outcomeOfCancelled, standingIn } from "../approval/standing.ts";
import type { StoredRecord } from "../approval/stored.ts";
import { ballotState, statusOf } from "../approval/view.ts";
import type { Entry, EntryBallot } from "./entry.ts";
import { standsIn } from "./stands.ts";
import { tagsOf } from "./tags.ts";

/**
 * Undefined if `root` is no approval. It may read more promises: those of uses.
 *
 * @param children as of `courseOf`
 */
export function* entryOf(root: StoredRecord, children: readonly StoredRecord[]): Reading<Entry | undefined> {
  const course = courseOf(root, children);
  if (course === undefined) return undefined;
  const { request, state, deadlineAtMs } = course;
  const ballots = ballotsOf(course);
  const { requester, stages } = request;
  const stands = yield* standsIn(root, course.call.request);
  return {
    id: root.id,
    status: statusOf(root).status,
    title: request.title,
    ...(requester === undefined ? {} : { requester }),
    ...(stages === undefined ? {} : { stage: state.stage + 1, stages: stages.length }),
    ...(state.round === 1 ? {} : { round: state.round }),
    ...(state.phase === "revising" ? { revising: true } : {}),
    ballots,
    waitingFor: ballots.filter((ballot) => ballot.state === "open").map(({ approver }) => approver.email),
    deadline: iso(deadlineAtMs),
    ...soonerDeadline(course),
    createdAt: iso(root.createdAt),
    ...(root.settledAt === undefined ? {} : { endedAt: iso(root.settledAt) }),
    ...(stands === undefined || stands === "over" ? {} : { stands }),
    tags: tagsOf(request.metadata),
  };
}

function soonerDeadline(course: Course): Pick<Entry, "nextDeadline"> {
  const { atMs } = nextDeadlineOf(course);
  const isSooner = course.root.state === "pending" && atMs < course.deadlineAtMs;
  return isSooner ? { nextDeadline: iso(atMs) } : {};
}

/** Only ballots that were opened: people of later stages are not asked yet. */
function ballotsOf(course: Course): EntryBallot[] {
  const foreseen = outcomeOfCancelled(course);
  const isStaged = course.call.request.stages !== undefined;
  return course.ballots.map(({ ballot: { n, approver, stage = 0, round = 1 } }) => {
    const standing = standingIn(course, n, foreseen);
    return {
      n,
      approver,
      ...(isStaged ? { stage: stage + 1 } : {}),
      ...(round === 1 ? {} : { round }),
      state: ballotState(standing),
      ...(standing.kind === "decided" ? { decidedAt: iso(standing.atMs) } : {}),
    };
  });
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

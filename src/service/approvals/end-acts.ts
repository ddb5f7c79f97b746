/** Acts on the whole approval, by its end: move the deadline, or change the question, which begins a new round. */
import type { Change, Content, Extension } from "../../approval/approval.ts";
import { contentOf } from "../../approval/content.ts";
import type { Course } from "../../approval/course.ts";
import { deadlineAt, parseDeadline } from "../../approval/deadline.ts";
import { addressKey } from "../../approval/person.ts";
import { APPROVAL_SLACK_MS } from "../../approval/request.ts";
import { ruleOf } from "../../approval/rule.ts";
import { changeOf, extensionOf, type StoredRecord } from "../../approval/stored.ts";
import { currentTime } from "../../durable/engine-time.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import { type Acted, type ActOptions, type Actor, type Refusal, refusalOf, whenActedOn } from "./act.ts";
import { actOf, reasonOf } from "./ballot-acts.ts";
import { settleEnd } from "./end.ts";
import { readCourse } from "./question.ts";

/** Nobody notices less, and each extension is kept. */
const EXTENSION_MIN_MS = 60_000;

export interface ExtendOptions extends Actor {
  /** As in a request: an ISO 8601 duration from now, or an instant. */
  readonly deadline: string;
  readonly reason?: string | undefined;
}

/** Moves the deadline of an open approval to a later time. */
export async function extendApproval(
  options: ActOptions,
  approval: string,
  { deadline, reason, ...actor }: ExtendOptions,
): Promise<Acted<object>> {
  const parsed = parseDeadline(deadline);
  if (parsed === undefined) throw new TypeError(`Not a deadline: ${deadline}`);
  const untilMs = deadlineAt(parsed, await currentTime(options));
  const value: Extension = { kind: "extended", untilMs, ...reasonOf(reason), ...actOf(actor) };
  return await settleOpenEnd(options, approval, actor, {
    value,
    stored: extensionOf,
    // An extension from now is the same again later, though it would come to another time.
    isSame: (earlier) =>
      earlier.reason === reason && (parsed.kind === "duration" || earlier.untilMs === untilMs),
    refused: ({ deadlineAtMs, root }) => {
      if (untilMs < deadlineAtMs + EXTENSION_MIN_MS) return "deadline-earlier";
      return untilMs > latestDeadlineMs(root) ? "deadline-too-late" : undefined;
    },
  });
}

/** The latest time to which an approval's deadline can be moved, in milliseconds since 1970. */
function latestDeadlineMs(root: Pick<StoredRecord, "timeoutAt">): number {
  return root.timeoutAt - APPROVAL_SLACK_MS;
}

export interface ChangeOptions extends Actor {
  /** What is left out stays as it is. An empty summary takes it away. */
  readonly content: Partial<Content>;
  /** What was changed, or why, for those who are asked again. */
  readonly note?: string | undefined;
}

/**
 * Changes what is asked: the round ends, and everybody of the first stage is asked again. So there must be something new for
 * them to read, in the question or in the note.
 */
export async function changeApproval(
  options: ActOptions,
  approval: string,
  { content, note, ...actor }: ChangeOptions,
): Promise<Acted<object>> {
  const course = await readCourse(options.durable, approval);
  if (course === undefined) return { kind: "unknown" };
  const before = contentOf(course.request);
  const changed = changedBy(before, content);
  const value: Change = {
    kind: "changed",
    content: changed,
    ...(note === undefined ? {} : { note }),
    ...actOf(actor),
  };
  return await settleOpenEnd(options, approval, actor, {
    value,
    stored: changeOf,
    isSame: (earlier) =>
      earlier.note === note && isSameJson(changedBy(earlier.content, content), earlier.content),
    refused: ({ call, state, request }) => {
      const { rounds, requester } = ruleOf(call.request);
      if (actor.by !== undefined && addressKey(actor.by) !== requester) return "not-theirs";
      if (state.round >= rounds) return "no-rounds";
      const now = contentOf(request);
      // Somebody else changed it meanwhile, and this would take that back unseen.
      if (!isSameJson(now, before)) return "under-way";
      return note === undefined && isSameJson(changed, now) ? "unchanged" : undefined;
    },
  });
}

function changedBy(before: Content, change: Partial<Content>): Content {
  const { summary, ...others } = { ...before, ...change };
  return summary === undefined || summary === "" ? others : { ...others, summary };
}

interface EndSettlement<Value> {
  readonly value: Value;
  readonly stored: (record: StoredRecord) => Value | undefined;
  /** Whether the value that was stored under the same nonce is what is asked for now. */
  readonly isSame: (earlier: Value) => boolean;
  readonly refused: (course: Course) => Refusal | undefined;
}

/** Settles the end that is open now, unless the approval cannot take it, or something else came first. */
export async function settleOpenEnd<Value extends Extension | Change>(
  options: ActOptions,
  approval: string,
  { nonce }: Actor,
  { value, stored, isSame, refused }: EndSettlement<Value>,
): Promise<Acted<object>> {
  const first = await readCourse(options.durable, approval);
  if (first === undefined) return { kind: "unknown" };
  const earlier = first.ends.flatMap((end) => stored(end) ?? []).find((each) => each.nonce === nonce);
  if (earlier !== undefined) {
    return isSame(earlier) ? await told(options, approval, true) : { kind: "other-content" };
  }
  // An extension or a change before this one may not have its new end yet.
  const { course, isDone } = isEndOpen(first)
    ? { course: first, isDone: true }
    : await whenActedOn(options, approval);
  if (course === undefined) return { kind: "unknown" };
  const why = refusalOf(course) ?? refused(course) ?? (isDone || isEndOpen(course) ? undefined : "under-way");
  if (why !== undefined) return { kind: "refused", why, course };
  const end = await settleEnd(options.durable, course, value);
  return await told(options, approval, stored(end)?.nonce === nonce);
}

function isEndOpen({ end }: Course): boolean {
  return end === undefined || end.state === "pending";
}

async function told(options: ActOptions, approval: string, effective: boolean): Promise<Acted<object>> {
  const { course, isDone } = await whenActedOn(options, approval);
  return course === undefined ? { kind: "unknown" } : { kind: "stands", effective, isDone, course };
}

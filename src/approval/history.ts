/** What happened to an approval, in order, as its stored promises tell it. Times are the engine's. */
import type { Act, Choice, Content, Door, OutcomeKind, Person, Via } from "./approval.ts";
import { delayOf, type Returned } from "./bounce.ts";
import { contentOf } from "./content.ts";
import { type Course, courseOf } from "./course.ts";
import { type Program, programOf } from "./doer.ts";
import { type EditedArgument, editedArguments } from "./edited-arguments.ts";
import type { EventType } from "./event.ts";
import { KIND_TAG } from "./ids.ts";
import { separableItems } from "./items.ts";
import type { Opener, Opening } from "./opening.ts";
import type { DoNotAsk } from "./refusal/do-not-ask.ts";
import {
  cancellationOf,
  changeOf,
  closedOf,
  decisionOf,
  extensionOf,
  judgementOf,
  mailResultOf,
  reassignmentOf,
  recusalOf,
  reissueOf,
  type StoredRecord,
  undoOf,
  withdrawalOf,
} from "./stored.ts";
import { type CallbackView, viewCallback } from "./stored-callback.ts";
import { noticeEndOf, noticeOf } from "./stored-notice.ts";
import { takenIn, useId } from "./use.ts";
import { USE_KIND } from "./use-names.ts";
import { statusOf } from "./view.ts";

/** What can happen. Of one moment, what is first here comes first: people are asked before they answer. */
export const HISTORY_TYPES = [
  "requested",
  "stage-opened",
  "changed",
  "extended",
  "asked",
  "mailed",
  "opened",
  "mail-delayed",
  "mail-bounced",
  "decided",
  "undone",
  "reassigned",
  "recused",
  "reissued",
  "deadline-passed",
  "cancel-requested",
  "changes-requested",
  "withdrawn",
  "ended",
  "consumed",
  "revoked",
  "callback",
] as const;

/** One thing that happened. `at` is an ISO 8601 instant. */
export interface HistoryEvent extends Program {
  readonly at: string;
  readonly type: (typeof HISTORY_TYPES)[number];
  /** The number of the ballot that it is about. */
  readonly ballot?: number;
  /** Whose ballot it is, or who was told. */
  readonly person?: Person;
  readonly stage?: number;
  readonly round?: number;
  readonly via?: Via["kind"];
  readonly choice?: Choice;
  /** Numbers of the items that an answer left out. */
  readonly except?: readonly number[];
  /** What is not to be asked again. */
  readonly doNotAsk?: DoNotAsk;
  /** Arguments that an approver has changed. */
  readonly edited?: readonly EditedArgument[];
  readonly comment?: string;
  readonly reason?: string;
  /** Whom it was handed to. */
  readonly to?: Person;
  /** The new deadline. */
  readonly deadline?: string;
  /** Which mail: `request`, or what a notice says. */
  readonly mail?: string;
  /** What became of a mail or a callback; of a mail that is late or came back, the code of the report. */
  readonly status?: string;
  /** When a mail is tried again. */
  readonly nextTryAt?: string;
  /** Of a callback. */
  readonly event?: EventType;
  readonly outcome?: OutcomeKind | "failed";
  /** What opened a ballot's link, as far as it can be told. */
  readonly opener?: Opener;
  /** How it came in, and the program or person that did it. */
  readonly door?: Door;
  readonly by?: string;
  /** Of several actions, which one was consumed or revoked. */
  readonly item?: number;
}

/**
 * @param children direct children of the approval, by position
 * @param others notices, callbacks and uses of the same tree; those of other approvals are left out
 * @param openings of links, by the numbers of their ballots
 * @returns undefined if `root` is no approval
 */
export function historyOf(
  root: StoredRecord,
  children: readonly StoredRecord[],
  others: readonly StoredRecord[],
  openings: readonly (Opening & { readonly n: number })[] = [],
): HistoryEvent[] | undefined {
  const course = courseOf(root, children);
  if (course === undefined) return undefined;
  const events = [
    ...rootEvents(root, course),
    ...children.flatMap((child) => childEvents(child, course)),
    ...course.ballots.flatMap(({ undo, ballot }) => (undo === undefined ? [] : undoEvents(undo, ballot.n))),
    ...judgementEvents(children),
    ...others.flatMap((record) => otherEvents(record, root.id, course)),
    ...openings.map(
      ({ n, by, atMs }): Timed => ({
        atMs,
        type: "opened",
        ...aboutBallot(course, n),
        opener: by,
      }),
    ),
  ];
  return events
    .toSorted((a, b) => a.atMs - b.atMs || rankOf(a) - rankOf(b))
    .map(({ atMs, ...event }) => ({ at: iso(atMs), ...event }));
}

const rankOf = ({ type }: Timed) => HISTORY_TYPES.indexOf(type);

type Timed = Omit<HistoryEvent, "at"> & { readonly atMs: number };

function rootEvents(root: StoredRecord, { call }: Course): Timed[] {
  const { requester } = call.request;
  const { status, outcome, error } = statusOf(root);
  const requested: Timed = {
    atMs: root.createdAt,
    type: "requested",
    ...(requester === undefined ? {} : { person: requester }),
  };
  if (status === "pending" || root.settledAt === undefined) return [requested];
  const reason = outcome?.reason ?? error;
  return [
    requested,
    {
      atMs: root.settledAt,
      type: "ended",
      outcome: status,
      ...(reason === undefined ? {} : { reason }),
    },
  ];
}

function childEvents(child: StoredRecord, course: Course): Timed[] {
  const kind = child.tags[KIND_TAG];
  if (kind === "ballot") return ballotEvents(child, course);
  if (kind === "end") return endEvents(child, course);
  const mail = mailResultOf(child);
  if (mail === undefined) return [];
  const { n, delivery } = mail;
  const reason = "reason" in delivery ? { reason: delivery.reason } : {};
  const nextTryAtMs = delivery.status === "deferred" ? delivery.nextTryAtMs : undefined;
  return [
    {
      // A step that is stored when it has ended has a time that is up to a second early (`src/durable/step-record.ts`).
      atMs: Math.max(settledAt(child), askedAt(course, n)),
      type: "mailed",
      mail: "request",
      ...aboutBallot(course, n),
      status: delivery.status,
      ...reason,
      ...(nextTryAtMs === undefined ? {} : { nextTryAt: iso(nextTryAtMs) }),
    },
  ];
}

function ballotEvents(record: StoredRecord, course: Course): Timed[] {
  const found = course.ballots.find((each) => each.record.id === record.id);
  if (found === undefined) return [];
  const { n, via } = found.ballot;
  const about = aboutBallot(course, n);
  const asked: Timed = {
    atMs: record.createdAt,
    type: "asked",
    ...about,
    ...(via === undefined ? {} : { via: via.kind }),
  };
  if (record.state === "pending") return [asked];
  const atMs = settledAt(record);
  return [asked, { atMs, ...about, ...answerIn(record) }];
}

/** How a ballot was settled. What another program wrote, or the clock, closed it without an answer. */
function answerIn(record: StoredRecord): Omit<Timed, "atMs"> {
  const decision = decisionOf(record);
  if (decision !== undefined) {
    const { choice, except, doNotAsk, comment, door, by } = decision;
    return {
      type: "decided",
      choice,
      ...(except && { except }),
      ...(doNotAsk && { doNotAsk }),
      ...some({ comment }),
      door,
      by,
      ...programOf(decision),
    };
  }
  const reassigned = reassignmentOf(record);
  if (reassigned !== undefined) return { type: "reassigned", to: reassigned.to, ...actIn(reassigned) };
  const recused = recusalOf(record);
  if (recused !== undefined) return { type: "recused", ...actIn(recused) };
  const reissued = reissueOf(record);
  if (reissued !== undefined) return { type: "reissued", ...actIn(reissued) };
  return { type: "withdrawn", ...some({ reason: withdrawalOf(record)?.because }) };
}

function undoEvents(undo: StoredRecord, n: number): Timed[] {
  const taken = undoOf(undo);
  return taken?.kind === "undone"
    ? [{ atMs: settledAt(undo), type: "undone", ballot: n, ...actIn(taken) }]
    : [];
}

function endEvents(record: StoredRecord, course: Course): Timed[] {
  if (record.state === "pending" || closedOf(record) !== undefined) return [];
  const atMs = settledAt(record);
  const extended = extensionOf(record);
  if (extended !== undefined)
    return [{ atMs, type: "extended", deadline: iso(extended.untilMs), ...actIn(extended) }];
  const changed = changeOf(record);
  if (changed !== undefined) {
    const before = contentBefore(record, course);
    const edited = editedArguments(before, changed.content);
    const more = { ...(edited.length > 0 && { edited }), ...some({ comment: changed.note }) };
    return [{ atMs, type: "changed", ...more, ...actIn(changed) }];
  }
  if (record.state === "timedout" || record.value === undefined) return [{ atMs, type: "deadline-passed" }];
  const { reason, door, by, ...program } = cancellationOf(record) ?? {};
  return [{ atMs, type: "cancel-requested", ...some({ reason, door, by }), ...programOf(program) }];
}

/** What was asked until this end changed it. */
function contentBefore(record: StoredRecord, { call, ends }: Course): Content {
  const earlier = ends.slice(
    0,
    Math.max(
      ends.findIndex(({ id }) => id === record.id),
      0,
    ),
  );
  return earlier.flatMap((end) => changeOf(end)?.content ?? []).at(-1) ?? contentOf(call.request);
}

/** Stages that opened after the first, and requests for changes: only judgements tell of them. */
function judgementEvents(children: readonly StoredRecord[]): Timed[] {
  const events: Timed[] = [];
  let before = { stage: 0, round: 1, phase: "asking" };
  for (const child of children) {
    const judgement = judgementOf(child);
    if (judgement === undefined) continue;
    const { atMs, state } = judgement;
    if (state.phase === "revising" && before.phase !== "revising") {
      events.push({ atMs, type: "changes-requested" });
    }
    if (state.round === before.round && state.stage > before.stage) {
      events.push({ atMs, type: "stage-opened", stage: state.stage + 1 });
    }
    before = state;
  }
  return events;
}

function otherEvents(record: StoredRecord, approval: string, course: Course): Timed[] {
  const notice = noticeOf(record);
  if (notice !== undefined) {
    if (notice.approval !== approval) return [];
    const end = noticeEndOf(record);
    const { says, order } = notice;
    return [
      ...(says.mail === "undeliverable" && says.bounce !== undefined
        ? [returnedEvent("mail-bounced", says.n, says.bounce, course)]
        : []),
      {
        atMs: end === undefined ? record.createdAt : settledAt(record),
        type: "mailed",
        mail: says.mail,
        ...("n" in says ? aboutBallot(course, says.n) : {}),
        status: end?.delivery.status ?? (record.state === "pending" ? "pending" : "undeliverable"),
        ...(end !== undefined && "reason" in end.delivery ? { reason: end.delivery.reason } : {}),
        ...(order && actIn(order)),
      },
    ];
  }
  const delay = delayOf(record);
  if (delay !== undefined) {
    return delay.approval === approval ? [returnedEvent("mail-delayed", delay.n, delay, course)] : [];
  }
  if (record.tags[KIND_TAG] === USE_KIND) return useEvents(record, approval, course);
  const callback = viewCallback(record);
  return callback === undefined || callback.about !== approval ? [] : [callbackEvent(callback)];
}

function useEvents(record: StoredRecord, approval: string, { call }: Course): Timed[] {
  const taken = takenIn(record);
  if (taken.kind !== "use" && taken.kind !== "revoked") return [];
  const { n } = taken.kind === "use" ? taken.use : taken.revocation;
  if (record.id !== useId(approval, n)) return [];
  const about = { atMs: taken.atMs, ...(separableItems(call.request) === 0 ? {} : { item: n }) };
  return taken.kind === "use"
    ? [{ ...about, type: "consumed", door: "api", ...programOf(taken.use) }]
    : [{ ...about, type: "revoked", ...actIn(taken.revocation) }];
}

function returnedEvent(
  type: "mail-bounced" | "mail-delayed",
  n: number,
  { atMs, status }: Returned,
  course: Course,
): Timed {
  return { atMs, type, ...aboutBallot(course, n), ...some({ status }) };
}

function callbackEvent({ type, status, to, createdAt, endedAt }: CallbackView): Timed {
  return { atMs: Date.parse(endedAt ?? createdAt), type: "callback", event: type, status, by: to };
}

function askedAt(course: Course, n: number): number {
  return course.ballots.find((each) => each.ballot.n === n)?.record.createdAt ?? 0;
}

function aboutBallot(course: Course, n: number): Pick<Timed, "ballot" | "person" | "stage" | "round"> {
  const ballot = course.ballots.find((each) => each.ballot.n === n)?.ballot;
  if (ballot === undefined) return { ballot: n };
  const { approver, stage = 0, round = 1 } = ballot;
  const isStaged = course.call.request.stages !== undefined;
  return {
    ballot: n,
    person: approver,
    ...(isStaged ? { stage: stage + 1 } : {}),
    ...(round === 1 ? {} : { round }),
  };
}

function actIn(
  act: Act & { readonly reason?: string },
): Pick<Timed, "door" | "by" | "caller" | "client" | "reason"> {
  const { door, by, reason } = act;
  return { ...some({ reason }), door, ...some({ by }), ...programOf(act) };
}

/** Without the members that are undefined. */
function some<T extends Readonly<Record<string, string | undefined>>>(members: T) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    readonly [name in keyof T]?: NonNullable<T[name]>;
  };
}

function settledAt({ settledAt: atMs, timeoutAt }: StoredRecord): number {
  return atMs ?? timeoutAt;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

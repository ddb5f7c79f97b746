import { isSameJson } from "../lib/canonical-json.ts";
import { awayIn, type InPlaceOf } from "./absence.ts";
import {
  type ApprovalRequest,
  type Choice,
  type Delivery,
  type Door,
  effectOf,
  type Outcome,
  type OutcomeKind,
  type Person,
  type SignedInBy,
  type Via,
} from "./approval.ts";
import { bounceText, delayText, type Returns } from "./bounce.ts";
import { shownUrl } from "./callback.ts";
import { type Course, courseOf } from "./course.ts";
import { type Program, programOf } from "./doer.ts";
import { openingAsks } from "./evaluate/asks.ts";
import { OPENING } from "./evaluate/look.ts";
import type { ExplanationView } from "./explained.ts";
import type { FieldValues } from "./field-answers.ts";
import { KIND_TAG } from "./ids.ts";
import type { DoNotAsk } from "./refusal/do-not-ask.ts";
import { type BallotStanding, type ClosedBecause, outcomeOfCancelled, standingIn } from "./standing.ts";
import { cancellationOf, mailResultOf, outcomeOf, type StoredRecord } from "./stored.ts";

/** What `GET /approvals/:id` answers. Times are ISO 8601 instants of the engine's clock. */
export interface ApprovalView extends Omit<ApprovalRequest, "deadline" | "approvers"> {
  readonly id: string;
  /** `failed`: its workflow broke off, and `error` says why. */
  readonly status: "pending" | OutcomeKind | "failed";
  readonly deadline: string;
  /** Of an approval whose question was changed: how often it has been asked, with this time. */
  readonly round?: number;
  /** Of an approval in stages: the one that is open, or was last, from 1. */
  readonly stage?: number;
  /** Changes were requested, and the requester has made none yet. */
  readonly revising?: boolean;
  /** What the asker had proposed, if an approver has changed arguments of it. */
  readonly proposed?: Pick<ApprovalRequest, "action" | "items">;
  /** While it is open: what is waited for, and what comes next. */
  readonly explanation?: ExplanationView;
  /** In the order in which they were opened; first one for each approver of the first stage. */
  readonly ballots: readonly BallotView[];
  /** Addresses of the approvers who have not answered yet. */
  readonly waitingFor: readonly string[];
  /** A caller asked to cancel; it took effect if `status` is `cancelled`. */
  readonly cancellation?: Program & {
    readonly at: string;
    readonly reason?: string;
    /** The address of the person who did it by their own link. */
    readonly by?: string;
  };
  /** The workflow's result, once there is one. */
  readonly outcome?: Outcome;
  readonly error?: string;
  readonly createdAt: string;
  readonly endedAt?: string;
  /** Of an approval that was open when the service was restored from a backup: when the backup was made. */
  readonly restoredFrom?: string;
}

/** With the program that decided in the approver's place: an API key, or the source of a webhook. */
export interface BallotView extends Program {
  readonly n: number;
  readonly approver: Person;
  /** From 1, of an approval in stages. */
  readonly stage?: number;
  /** From 2. */
  readonly round?: number;
  /** Why it was opened later than its stage, or in place of another ballot. */
  readonly via?: Via;
  /** Those who are away, and in whose place the approver is asked. */
  readonly inPlaceOf?: readonly { readonly person: Person; readonly until: string; readonly note?: string }[];
  /**
   * `approved`, `rejected`, `changes_requested`: by the effect of the answer. `withdrawn`: the approval ended, or went on,
   * without this answer. `undone`: the answer was taken back.
   */
  readonly state:
    | "open"
    | "approved"
    | "rejected"
    | "changes_requested"
    | "withdrawn"
    | "expired"
    | "reassigned"
    | "recused"
    | "reissued"
    | "undone";
  /** The value of the answer's choice, where the request has choices of its own. */
  readonly choice?: Choice;
  readonly comment?: string;
  readonly fields?: FieldValues;
  /** Numbers of the items that the answer struck out. */
  readonly except?: readonly number[];
  /** Of an answer that rejected: what is not to be asked again. */
  readonly doNotAsk?: DoNotAsk;
  /** SHA-256 of what the approver was shown. */
  readonly contentHash?: string;
  /** Until when the answer can be taken back. */
  readonly undoUntil?: string;
  readonly decidedAt?: string;
  readonly door?: Door;
  /** How the approver had signed in, where they answered in the inbox. Absent in decisions that are older than this field. */
  readonly signedInBy?: SignedInBy;
  /** What closed it, where somebody did that on purpose. */
  readonly act?: ActView;
  readonly mail: MailView;
}

/** Who handed a ballot on, took its approver out, took the answer back, or ordered new links. */
interface ActView extends Program {
  readonly at: string;
  /** The address of the person who did it by their own link. */
  readonly by?: string;
  readonly reason?: string;
  /** Whom it was handed to. */
  readonly to?: Person;
}

interface MailView {
  /**
   * `pending`: not tried yet. `sent`: a relay took it, which does not mean that anybody read it. `deferred`: it is
   * tried again. `undeliverable`: it is not. `skipped`: the ballot was closed by then.
   */
  readonly status: "pending" | Delivery["status"];
  /** Why it is deferred or undeliverable, by the last attempt. */
  readonly reason?: string;
  /** How often it was tried to hand the mail over; what is tried again within seconds counts once. */
  readonly attempts: number;
  /** When it is tried again; absent while it is being tried, and when it is not. */
  readonly nextTryAt?: string;
  /** When it came back, if a relay took it and another system could not deliver it. Then it is `undeliverable`. */
  readonly bouncedAt?: string;
  /** When a system on its way told that it is late. It may still arrive, so it is `sent`. */
  readonly delayedAt?: string;
}

/** Direct children of an approval, by position: the end, the ballots, then steps. */
export type Children = readonly StoredRecord[];

/**
 * Computes an approval's state from its stored promises; undefined if `root` is no approval.
 *
 * @param explain what is told of why it stands so. Default: nothing
 * @param returns what came back of its mails, by the numbers of ballots. Default: nothing
 */
export function summarize(
  root: StoredRecord,
  children: Children,
  explain: (course: Course) => ExplanationView | undefined = () => undefined,
  returns: ReadonlyMap<number, Returns> = new Map(),
): ApprovalView | undefined {
  const course = courseOf(root, children);
  if (course === undefined) return undefined;
  const { request, end, deadlineAtMs, state } = course;
  const { approvers: _, deadline: __, callbackUrl, ...shown } = request;
  const mails = mailsOf(children);
  const ballots = ballotsOf(course).map((ballot) => {
    const mail = withReturns(mails.get(ballot.n) ?? UNMAILED, returns.get(ballot.n));
    return ballotView({ ...ballot, mail }, standingIn(course, ballot.n));
  });
  const { status, ...ended } = statusOf(root);
  const bounced = [...returns].flatMap(([n, { bounce }]) => (bounce === undefined ? [] : [n]));
  const explanation = explain({ ...course, unreached: new Set([...course.unreached, ...bounced]) });
  return {
    id: root.id,
    status,
    ...shown,
    ...(callbackUrl === undefined ? {} : { callbackUrl: shownUrl(callbackUrl) }),
    deadline: iso(deadlineAtMs),
    ...(state.round === 1 ? {} : { round: state.round }),
    ...(request.stages === undefined ? {} : { stage: state.stage + 1 }),
    ...(state.phase === "revising" ? { revising: true } : {}),
    ...proposedIn(course),
    ...(explanation === undefined ? {} : { explanation }),
    ballots,
    waitingFor: ballots.filter(({ state }) => state === "open").map(({ approver }) => approver.email),
    ...cancellationIn(end),
    ...ended,
    createdAt: iso(root.createdAt),
    ...(root.settledAt === undefined ? {} : { endedAt: iso(root.settledAt) }),
  };
}

function proposedIn({ call, request }: Course): Pick<ApprovalView, "proposed"> {
  const { action, items } = call.request;
  if (isSameJson([action, items], [request.action, request.items])) return {};
  return { proposed: { ...(action && { action }), ...(items && { items }) } };
}

/** The approval's status from its root promise alone. */
export function statusOf(root: StoredRecord): Pick<ApprovalView, "status" | "outcome" | "error"> {
  const outcome = outcomeOf(root);
  if (outcome !== undefined) return { status: outcome.outcome, outcome };
  if (root.state === "pending") return { status: "pending" };
  // No worker ran for all of the slack after the deadline.
  if (root.state === "timedout") return { status: "expired" };
  if (root.state === "canceled") return { status: "cancelled" };
  return { status: "failed", error: root.value instanceof Error ? root.value.message : "Unknown result" };
}

/** How an approval ended, also before a worker has told of a cancellation; undefined while that is not certain. */
export function certainOutcome(course: Course): OutcomeKind | undefined {
  const { status } = statusOf(course.root);
  if (status === "failed") return undefined;
  return status === "pending" ? outcomeOfCancelled(course) : status;
}

function cancellationIn(end: StoredRecord | undefined): Pick<ApprovalView, "cancellation"> {
  const cancellation = end === undefined ? undefined : cancellationOf(end);
  if (end?.settledAt === undefined || cancellation === undefined) return {};
  const { reason, by } = cancellation;
  return {
    cancellation: {
      at: iso(end.settledAt),
      ...(reason === undefined ? {} : { reason }),
      ...(by === undefined ? {} : { by }),
      ...programOf(cancellation),
    },
  };
}

const UNMAILED: MailView = { status: "pending", attempts: 0 };

function withReturns(mail: MailView, { bounce, delay }: Returns = {}): MailView {
  if (bounce !== undefined) {
    return { ...mail, status: "undeliverable", reason: bounceText(bounce), bouncedAt: iso(bounce.atMs) };
  }
  return delay === undefined ? mail : { ...mail, reason: delayText(delay), delayedAt: iso(delay.atMs) };
}

/** Version 1 of the workflow has one timer for its mails, and later ones have one for whatever is due next. */
const TIMERS = new Set(["retry", "alarm"]);

/** The latest known result by ballot; later steps are later tries. */
function mailsOf(children: Children): Map<number, MailView> {
  const mails = new Map<number, MailView>();
  // One timer for whatever is due next, which may be something else. While it runs, no mail is being tried.
  const timer = children.find(({ tags, state }) => TIMERS.has(tags[KIND_TAG] ?? "") && state === "pending");
  for (const child of children) {
    const result = mailResultOf(child);
    if (result === undefined) continue;
    const { status } = result.delivery;
    const nextTryAtMs = status === "deferred" ? result.delivery.nextTryAtMs : undefined;
    const { attempts = 0 } = mails.get(result.n) ?? {};
    // A later try that found the ballot closed does not undo that the first mail went out.
    if (status === "skipped" && attempts > 0) continue;
    mails.set(result.n, {
      status,
      ...reasonOf(result.delivery),
      attempts: status === "skipped" ? 0 : attempts + 1,
      ...(status === "deferred" && timer !== undefined
        ? { nextTryAt: iso(Math.max(nextTryAtMs ?? 0, timer.timeoutAt)) }
        : {}),
    });
  }
  return mails;
}

/** The ballots, with those of the first stage that the workflow has yet to open. */
function ballotsOf({ ballots, call, rule }: Course): Omit<BallotView, "mail" | "state">[] {
  const place = (stage: number, round: number) => ({
    ...(call.request.stages === undefined ? {} : { stage: stage + 1 }),
    ...(round === 1 ? {} : { round }),
  });
  const opened = ballots.map(({ ballot: { n, approver, stage = 0, round = 1, via, inPlaceOf } }) => ({
    n,
    approver,
    ...place(stage, round),
    ...(via === undefined ? {} : { via }),
    ...(inPlaceOf === undefined ? {} : { inPlaceOf: inPlaceOf.map(shownPlace) }),
  }));
  // A ballot that can be taken back has a promise beside it.
  const step = call.request.undo === undefined ? 1 : 2;
  const first = openingAsks(rule, OPENING, awayIn(call.terms.away)).map(({ person, stage, round }, i) => ({
    n: (call.isScheduled ? 2 : 1) + i * step,
    approver: person,
    ...place(stage, round),
  }));
  return [...opened, ...first.slice(opened.length)];
}

function shownPlace({ person, untilMs, note }: InPlaceOf) {
  return { person, until: iso(untilMs), ...(note === undefined ? {} : { note }) };
}

type Shown = Omit<BallotView, "state">;

function ballotView(shown: Shown, standing: BallotStanding): BallotView {
  const state = ballotState(standing);
  if (standing.kind === "open") return { ...shown, state };
  if (standing.kind === "closed") {
    const { mail, ...others } = shown;
    return { ...others, state, ...actIn(standing), mail };
  }
  const { decision, atMs, undoUntilMs } = standing;
  const { choice, effect, comment, fields, except, doNotAsk, contentHash, door, signedInBy } = decision;
  const { mail, ...others } = shown;
  return {
    ...others,
    state,
    ...(effect === undefined ? {} : { choice }),
    ...(comment === undefined ? {} : { comment }),
    ...(fields === undefined ? {} : { fields }),
    ...(except === undefined ? {} : { except }),
    ...(doNotAsk === undefined ? {} : { doNotAsk }),
    decidedAt: iso(atMs),
    ...(contentHash === undefined ? {} : { contentHash }),
    ...(undoUntilMs === undefined ? {} : { undoUntil: iso(undoUntilMs) }),
    door,
    ...(signedInBy === undefined ? {} : { signedInBy }),
    ...programOf(decision),
    mail,
  };
}

const ACTS: ReadonlySet<ClosedBecause> = new Set(["reassigned", "recused", "reissued", "undone"]);

function actIn(standing: Extract<BallotStanding, { readonly kind: "closed" }>): Pick<BallotView, "act"> {
  const { because, atMs, by, reason, to } = standing;
  if (!ACTS.has(because) || atMs === undefined) return {};
  return {
    act: {
      at: iso(atMs),
      ...(by === undefined ? {} : { by }),
      ...programOf(standing),
      ...(reason === undefined ? {} : { reason }),
      ...(to === undefined ? {} : { to }),
    },
  };
}

export function ballotState(standing: BallotStanding): BallotView["state"] {
  if (standing.kind === "open") return "open";
  if (standing.kind === "closed") return CLOSED[standing.because] ?? "withdrawn";
  return DECIDED[effectOf(standing.decision)];
}

const DECIDED = { approve: "approved", reject: "rejected", changes: "changes_requested" } as const;

const CLOSED: Partial<Record<ClosedBecause, BallotView["state"]>> = {
  expired: "expired",
  reassigned: "reassigned",
  recused: "recused",
  reissued: "reissued",
  undone: "undone",
};

function reasonOf(from: { readonly reason?: string } | object): { readonly reason?: string } {
  return "reason" in from && from.reason !== undefined ? { reason: from.reason } : {};
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

import { allConsumable } from "../../../approval/consumable-items.ts";
import { nextDeadlineOf } from "../../../approval/course.ts";
import { doerOf, programOf } from "../../../approval/doer.ts";
import { leftOutItems } from "../../../approval/items.ts";
import { grantedStanding } from "../../../approval/limits/granted.ts";
import { standingRefusal } from "../../../approval/refusal/standing-refusal.ts";
import { ruleOf } from "../../../approval/rule.ts";
import { changeOf, extensionOf } from "../../../approval/stored.ts";
import type { ApprovalView, BallotView } from "../../../approval/view.ts";
import { afterDeadlineText } from "../../../approval/wording.ts";
import { dateText, relativeText } from "../../../lib/date-text.ts";
import { markdownForPage } from "../../../lib/markdown.ts";
import type { Messages } from "../../../lib/messages.ts";
import type { Locals } from "../../../lib/templates.ts";
import { oneLine } from "../../../lib/text.ts";
import { actionLocals } from "../action-content.ts";
import { linkedText } from "../linked-text.ts";
import type { PageContent } from "../page-content.ts";
import { personOf } from "../people.ts";
import { STATUS_ICONS } from "../request-content.ts";
import { ADMIN_ACTS, type ApprovalActName, type BallotActName } from "./admin-acts.ts";
import { type AdminApproval, adminActHref } from "./admin-page.ts";
import { adminShell, leaveForm, tabsAt } from "./admin-shell.ts";
import { doerName, eventText } from "./event-text.ts";
import { toneOf } from "./list-content.ts";
import { ruleRows } from "./rule-text.ts";

/** An approval as operators see it: all of it, and what they can do about it. */
export function approvalContent(data: AdminApproval, messages: Messages): PageContent {
  const { operator, course, view, truncated, callbacks, timers, nowMs } = data;
  const { request } = course;
  const isOpen = isOpenStill(data);
  return {
    template: "admin/approval",
    locals: {
      tabs: tabsAt("/admin"),
      leave: leaveForm(operator),
      title: request.title,
      id: view.id,
      status: statusText(view),
      tone: toneOf(view.status),
      icon: STATUS_ICONS[view.status],
      explanation: view.explanation?.text ?? view.outcome?.reason ?? view.error,
      acts: actsOf(data, isOpen),
      facts: factsOf(data, isOpen, messages),
      timers: timers.map((timer) => ({
        text: timerText(timer, view),
        at: dateText(timer.atMs),
        inTime: relativeText(timer.atMs, nowMs, "en-GB") ?? "due",
      })),
      rule: ruleRows(request, messages),
      ballots: view.ballots.map((ballot) => shownBallot(ballot, data, isOpen)),
      timeline: timelineOf(data),
      truncated,
      callbacks: callbacks.map(({ id, type, to, status, attempts, result }) => ({
        id,
        event: type,
        to,
        status,
        tone: status === "failed" || status === "gone" ? "reject" : "none",
        attempts: attempts === undefined ? "" : `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`,
        result: result ?? "",
      })),
      action: actionLocals(request, messages, {
        heading: "h3",
        leftOut: leftOutItems(request, view.outcome?.action?.items),
      }),
      details: request.details.map(({ label, value }) => ({ label, value: linkedText(value) })),
      summary: request.summary === undefined ? undefined : markdownForPage(request.summary),
      metadata: Object.keys(request.metadata).length === 0 ? "" : JSON.stringify(request.metadata, null, 2),
    },
    shell: adminShell(operator, `${request.title} – ${statusText(view)}`),
  };
}

function timelineOf({ history, view }: AdminApproval): readonly Locals[] {
  return history.map((event) => ({
    at: dateText(Date.parse(event.at)),
    text: eventText(event, view.status === "rejected"),
    comment: event.comment ?? event.reason,
  }));
}

function statusText({ status, revising }: ApprovalView): string {
  if (status === "pending") return revising === true ? "Open, changes requested" : "Open";
  return status === "failed" ? "Broken off" : `${status.charAt(0).toUpperCase()}${status.slice(1)}`;
}

/** An end that was extended, or whose round is over, ends nothing. */
function isOpenStill({ course: { root, end } }: AdminApproval): boolean {
  const isOver =
    end !== undefined &&
    end.state !== "pending" &&
    extensionOf(end) === undefined &&
    changeOf(end) === undefined;
  return root.state === "pending" && !isOver;
}

function actsOf(data: AdminApproval, isOpen: boolean): readonly Locals[] {
  const { operator, course, view } = data;
  if (operator.role !== "operator") return [];
  const isOld = course.call.version === 1;
  const { rounds } = ruleOf(course.call.request);
  const act = (name: ApprovalActName) => ({
    href: adminActHref(view.id, name),
    text: ADMIN_ACTS[name].headline,
  });
  if (!isOpen) return isRefusing(data) ? [act("ask-again")] : canRevoke(data) ? [act("revoke")] : [];
  const change = { href: adminActHref(view.id, "change"), text: "Change the question" };
  return [
    ...(isOld ? [] : [act("extend")]),
    ...(isOld || course.state.round >= rounds ? [] : [change]),
    act("cancel"),
  ];
}

/** Whether people have refused its action in advance, and this still holds. */
function isRefusing({ course: { root }, history, nowMs }: AdminApproval): boolean {
  const refusal = standingRefusal(root);
  return refusal !== undefined && nowMs < refusal.untilMs && !history.some(({ type }) => type === "revoked");
}

/** Whether anything of an approved action is left that no program has taken. */
function canRevoke({ course: { root }, history, nowMs }: AdminApproval): boolean {
  const isRevoked = history.some(({ type }) => type === "revoked");
  const standing = grantedStanding(root);
  if (standing !== undefined) return !isRevoked && nowMs < standing.untilMs;
  const taken = new Set(
    history.flatMap(({ type, item = 1 }) => (type === "consumed" || type === "revoked" ? [item] : [])),
  );
  return allConsumable(root).some(({ n, untilMs }) => nowMs < untilMs && !taken.has(n));
}

function factsOf({ course, view, nowMs }: AdminApproval, isOpen: boolean, messages: Messages) {
  const { requester } = view;
  const { atMs, onDeadline } = nextDeadlineOf(course);
  const { stage } = course.state;
  const after = afterDeadlineText(course.request, { onDeadline, stage }, messages);
  return {
    requester: requester && personOf(requester),
    created: dateText(Date.parse(view.createdAt)),
    ended: view.endedAt === undefined ? undefined : dateText(Date.parse(view.endedAt)),
    deadline: isOpen
      ? { at: dateText(atMs), inTime: relativeText(atMs, nowMs, "en-GB") ?? "passed", after }
      : undefined,
    stage: view.stage === undefined ? "" : `${view.stage} of ${course.request.stages?.length ?? 1}`,
    round: view.round === undefined ? "" : String(view.round),
    cancellation: view.cancellation && {
      by: whoCancelled(view.cancellation),
      at: dateText(Date.parse(view.cancellation.at)),
      reason: view.cancellation.reason,
    },
  };
}

function whoCancelled({ by, ...program }: NonNullable<ApprovalView["cancellation"]>): string {
  const doer = doerOf(program);
  if (doer !== undefined) return `by ${doerName(doer)}`;
  return by === undefined ? "" : `by ${by}`;
}

/** What a timer of the approval is for, as far as its time tells. */
function timerText({ kind, atMs }: AdminApproval["timers"][number], { ballots, explanation }: ApprovalView) {
  if (kind === "end") return "The deadline";
  const isAt = (iso: string | undefined) => iso !== undefined && Date.parse(iso) === atMs;
  if (ballots.some(({ mail }) => isAt(mail.nextTryAt))) return "A mail is tried again";
  if (ballots.some(({ undoUntil }) => isAt(undoUntil))) return "Answers become final";
  if (isAt(explanation?.stageEndsAt)) return "The stage's time is over";
  return "A reminder, an escalation, or another look";
}

const BALLOT_STATES = {
  open: "no answer yet",
  approved: "approved",
  rejected: "rejected",
  changes_requested: "asked for changes",
  withdrawn: "withdrawn",
  expired: "expired",
  reassigned: "passed on",
  recused: "takes no part",
  reissued: "replaced by new links",
  undone: "answer taken back",
} as const;

/** How the answer came in. */
function throughText({ door, caller, client }: BallotView): string {
  if (door === undefined) return "";
  if (door === "webhook" && caller !== undefined) return `through ${oneLine(caller)}`;
  const doer = door === "api" ? doerOf(programOf({ caller, client })) : undefined;
  return `through ${doer === undefined ? DOORS[door] : doerName(doer)}`;
}

function shownBallot(ballot: BallotView, data: AdminApproval, isOpen: boolean): Locals {
  const { n, approver, state, mail, decidedAt, comment, stage, round } = ballot;
  const tone = { approved: "approve", rejected: "reject", changes_requested: "changes" } as const;
  return {
    person: personOf(approver),
    state: BALLOT_STATES[state],
    tone: state in tone ? tone[state as keyof typeof tone] : "none",
    place: [stage === undefined ? "" : `stage ${stage}`, round === undefined ? "" : `round ${round}`]
      .filter(Boolean)
      .join(", "),
    at: decidedAt === undefined ? undefined : dateText(Date.parse(decidedAt)),
    through: throughText(ballot),
    comment,
    mail: mailText(mail),
    isProblem: mail.status === "undeliverable" || mail.status === "deferred",
    acts: ballotActs(ballot, data, isOpen).map((act) => ({
      href: adminActHref(data.view.id, act, n),
      text: ADMIN_ACTS[act].headline,
      label: `${ADMIN_ACTS[act].headline}: ${oneLine(approver.name ?? approver.email)}`,
    })),
  };
}

const DOORS = {
  mail: "the link in a mail",
  inbox: "the inbox",
  api: "the API",
  webhook: "a webhook",
} as const;

function mailText({ status, reason, attempts, nextTryAt }: BallotView["mail"]): string {
  const tries = attempts > 1 ? `, ${attempts} attempts` : "";
  const why = reason === undefined ? "" : `: ${reason}`;
  const next = nextTryAt === undefined ? "" : `; next try ${dateText(Date.parse(nextTryAt)).local}`;
  return `${MAILS[status]}${tries}${why}${next}`;
}

const MAILS = {
  pending: "Mail not sent yet",
  sent: "Mail accepted by the relay",
  deferred: "Mail not accepted yet",
  undeliverable: "Mail cannot be delivered",
  skipped: "No mail was needed",
} as const;

function ballotActs(
  { state, undoUntil }: BallotView,
  { operator, course }: AdminApproval,
  isOpen: boolean,
): readonly BallotActName[] {
  if (operator.role !== "operator" || !isOpen || course.call.version === 1) return [];
  if (state === "open") return ["remind", "resend", "renew", "reassign", "recuse"];
  return undoUntil === undefined ? [] : ["undo"];
}

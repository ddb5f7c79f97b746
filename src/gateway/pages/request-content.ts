import type { Person } from "../../approval/approval.ts";
import {
  afterDeadlineText,
  explanationText,
  peopleText,
  recordedText,
  whyText,
} from "../../approval/wording.ts";
import { type DateText, dateText, relativeText } from "../../lib/date-text.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { oneLine } from "../../lib/text.ts";
import { actionLocals } from "./action-content.ts";
import { changesAskedLocals } from "./changes-asked.ts";
import { answerText } from "./choice-text.ts";
import { linkedText } from "./linked-text.ts";
import { DECISION_FORM, type RequestPage, type TimelineEntry } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import { personOf, stateText } from "./people.ts";
import { doerText, OUTCOMES } from "./standing-text.ts";

/** A list of more people is folded. */
const PEOPLE_MAX = 8;
const TIMELINE_MAX = 12;

/** What the person who asked sees of their request, and what they can do. */
export function requestContent(page: RequestPage, messages: Messages): PageContent {
  const { request, requester, deadlineAtMs, nowMs, status, notice } = page;
  const state = stateOf(page, messages);
  const dateOf = (atMs: number): DateText => dateText(atMs, { ...requester, locale: messages.locale });
  const timeline = page.timeline.map((entry) => ({
    text: toldOf(entry, messages, dateOf),
    at: dateOf(entry.atMs),
    comment: "comment" in entry ? entry.comment : undefined,
  }));
  return {
    template: "pages/request",
    locals: {
      text: messages.text,
      title: request.title,
      state,
      tone: TONES[status],
      icon: STATUS_ICONS[status],
      explanation: whyOf(page, messages),
      notice: notice && noticeText(notice, messages),
      isProblem: notice !== undefined && notice.kind !== "reminded",
      changes: page.changes && changesAskedLocals(page.changes, messages),
      deadline: page.acts && {
        at: dateOf(deadlineAtMs),
        inTime: relativeText(deadlineAtMs, nowMs, messages.locale) ?? "",
        after: afterDeadlineText(request, page, messages),
      },
      reason: page.reason,
      acts: actsOf(page, messages),
      remind: page.acts?.remind,
      form: DECISION_FORM,
      nonce: page.press,
      session: page.visitor?.form,
      people: page.people.map(({ person, state: answer }) => ({
        person: personOf(person),
        you: undefined,
        tone: answer.kind === "answered" ? answer.answer.effect : "none",
        state: stateText(answer, messages),
        at: answer.kind === "answered" ? dateOf(answer.atMs) : undefined,
        comment: answer.kind === "answered" ? answer.comment : undefined,
        recorded: answer.kind === "answered" ? recordedText(person, answer.entered, messages) : undefined,
        act:
          answer.kind === "unreached" && answer.replace !== undefined
            ? { href: answer.replace, text: messages.text("act.replace.link", { who: nameOf(person) }) }
            : undefined,
      })),
      peopleMax: PEOPLE_MAX,
      timeline,
      timelineMax: TIMELINE_MAX,
      action: actionLocals(request, messages, { heading: "h3", leftOut: page.leftOut }),
      details: request.details.map(({ label, value }) => ({ label, value: linkedText(value) })),
      summary: request.summary === undefined ? undefined : markdownForPage(request.summary),
      reference: page.reference,
      signed: page.signed,
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: `${request.title} – ${state}`,
      note: messages.text("request.mast"),
      footer: messages.text("request.footer"),
      ...(status === "pending" || status === "failed" ? {} : { outcome: status }),
    },
  };
}

const TONES = {
  pending: "neutral",
  approved: "approve",
  rejected: "reject",
  expired: "neutral",
  cancelled: "neutral",
  failed: "neutral",
} as const;

/** Of an approval, by its status. */
export const STATUS_ICONS = {
  pending: "clock",
  approved: "approve",
  rejected: "reject",
  expired: "clock",
  cancelled: "closed",
  failed: "info",
} as const;

function stateOf({ status, acts }: RequestPage, messages: Messages): string {
  if (status === "failed") return messages.text("request.failed");
  if (status !== "pending") return messages.text(OUTCOMES[status]);
  return messages.text(acts === undefined ? "request.closing" : "page.outcome.open");
}

/** Why it is not decided yet, or has ended as it did. */
function whyOf(page: RequestPage, messages: Messages): string | undefined {
  const { explanation, changes, requester, why, status } = page;
  if (changes !== undefined) return messages.text("request.waitsForYou");
  if (why !== undefined && status !== "pending" && status !== "failed")
    return whyText(why, status, messages, requester);
  return explanation && explanationText(explanation, messages, requester);
}

function noticeText(notice: NonNullable<RequestPage["notice"]>, messages: Messages): string {
  if (notice.kind === "reminded") return messages.text("request.reminded", { n: notice.people });
  return messages.text(NOTICES[notice.kind]);
}

const NOTICES = {
  "too-soon": "act.refused.tooSoon",
  "too-many-mails": "act.refused.tooManyMails",
  nobody: "request.nobodyToRemind",
  cancel: "act.late.cancel",
  change: "act.late.change",
  extend: "act.late.extend",
  replace: "act.late.reassign",
} as const;

function actsOf(
  { acts, changes, standingApproval, standingRefusal }: RequestPage,
  messages: Messages,
): readonly Locals[] {
  const { change, extend, cancel } = acts ?? {};
  const label = changes === undefined ? "act.change" : "request.answerChanges";
  return [
    ...(change === undefined ? [] : [{ href: change, text: messages.text(label) }]),
    ...(extend === undefined ? [] : [{ href: extend, text: messages.text("act.extend") }]),
    ...(cancel === undefined ? [] : [{ href: cancel, text: messages.text("act.cancel") }]),
    ...(standingApproval === undefined
      ? []
      : [{ href: standingApproval, text: messages.text("standing.link") }]),
    ...(standingRefusal === undefined
      ? []
      : [{ href: standingRefusal, text: messages.text("refusal.title") }]),
  ];
}

/** What people of this approval did is told as theirs; what an operator or a program did, as that. */
function toldOf(entry: TimelineEntry, messages: Messages, dateOf: (atMs: number) => DateText): string {
  const { doer } = entry;
  if (doer === undefined) return eventText(entry, messages, dateOf);
  const told = othersText(entry, messages) ?? eventText(entry, messages, dateOf);
  return `${told}. ${doerText(doer, messages)}`;
}

function othersText(entry: TimelineEntry, messages: Messages): string | undefined {
  if (entry.kind === "reassigned") {
    return messages.text("event.reassigned.others", { who: nameOf(entry.who), to: nameOf(entry.to) });
  }
  return entry.kind === "undone"
    ? messages.text("event.undone.others", { who: nameOf(entry.who) })
    : undefined;
}

function eventText(entry: TimelineEntry, messages: Messages, dateOf: (atMs: number) => DateText): string {
  switch (entry.kind) {
    case "requested":
      return messages.text("event.requested");
    case "asked":
      return messages.text("event.asked", { people: peopleText(entry.people, messages) });
    case "answered":
      return answeredText(entry, messages);
    case "undone":
      return messages.text("event.undone", { who: nameOf(entry.who) });
    case "reassigned":
      return messages.text("event.reassigned", { who: nameOf(entry.who), to: nameOf(entry.to) });
    case "recused":
      return messages.text("event.recused", { who: nameOf(entry.who) });
    case "extended":
      return messages.text("event.extended", { time: dateOf(entry.untilMs).local });
    case "changed":
      return messages.text("page.closed.roundOver");
    case "cancelled":
      return messages.text("event.cancelled");
    case "ended":
      return messages.text(entry.outcome === "failed" ? "request.failed" : OUTCOMES[entry.outcome]);
    default:
      return entry satisfies never;
  }
}

function answeredText(
  { who, answer, entered }: TimelineEntry & { readonly kind: "answered" },
  messages: Messages,
): string {
  const text = messages.text("event.answered", { who: nameOf(who), answer: answerText(answer, messages) });
  const recorded = recordedText(who, entered, messages);
  return recorded === undefined ? text : `${text} (${recorded})`;
}

function nameOf({ name, email }: Person): string {
  return oneLine(name ?? email);
}

import { afterDeadlineText, explanationText } from "../../approval/wording.ts";
import { dateText, relativeText } from "../../lib/date-text.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import type { Messages } from "../../lib/messages.ts";
import type { ShellContent } from "../../lib/shell.ts";
import type { Locals } from "../../lib/templates.ts";
import { oneLine } from "../../lib/text.ts";
import type { InboxItem } from "../../service/inbox/list.ts";
import { absenceContent } from "./absence-content.ts";
import { actionLocals } from "./action-content.ts";
import { choiceText } from "./choice-text.ts";
import { INBOX_FORM, INBOX_LISTS, type InboxPage, type Visiting } from "./inbox-page.ts";
import { ABSENCES, ballotHref, PASSKEYS, requestHref } from "./inbox-paths.ts";
import { linkedText } from "./linked-text.ts";
import { DECISION_FORM } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import { passkeysContent } from "./passkeys-content.ts";
import { insteadOf, personOf } from "./people.ts";
import { SIGN_IN_FORM } from "./sign-in-page.ts";
import { standingText } from "./standing-text.ts";

type Data<View extends InboxPage["view"]> = Extract<InboxPage, { view: View }>["data"];

export function inboxContent(page: InboxPage, messages: Messages): PageContent {
  switch (page.view) {
    case "inbox":
      return listContent(page.data, messages);
    case "inboxConfirm":
      return confirmContent(page.data, messages);
    case "inboxResults":
      return resultsContent(page.data, messages);
    case "absence":
      return absenceContent(page.data, messages);
    case "passkeys":
      return passkeysContent(page.data, messages);
    default:
      return page satisfies never;
  }
}

function listContent(data: Data<"inbox">, messages: Messages): PageContent {
  const { visitor, list, items, previous, next } = data;
  return {
    template: "pages/inbox",
    locals: {
      text: messages.text,
      email: visitor.email,
      tabs: INBOX_LISTS.map((each) => ({
        href: each === "waiting" ? "/inbox" : `/inbox?list=${each}`,
        text: messages.text(TABS[each]),
        isOpen: each === list,
      })),
      items: items.map((item) => shownItem(item, data, messages)),
      // One alone is answered on its own page.
      isSelectable: list === "waiting" && items.filter(({ isPlain }) => isPlain).length > 1,
      empty: messages.text(EMPTY[list]),
      previous,
      next,
      ballot: INBOX_FORM.ballot,
      absences: ABSENCES,
      passkeys: PASSKEYS,
      signOut: { ...SIGN_IN_FORM, value: visitor.form },
    },
    shell: shellOf(visitor, messages.text("inbox.title"), messages),
  };
}

const TABS = { waiting: "inbox.waiting", asked: "inbox.asked", done: "inbox.done" } as const;
const EMPTY = {
  waiting: "inbox.waiting.empty",
  asked: "inbox.asked.empty",
  done: "inbox.done.empty",
} as const;

function shownItem(
  { entry, ballots, explanation, nextDeadlineMs, isPlain }: InboxItem,
  { list, nowMs }: Data<"inbox">,
  messages: Messages,
): Locals {
  const { title, requester, status, deadline, endedAt } = entry;
  const isOpen = status === "pending";
  const [pid] = ballots;
  const deadlineMs = nextDeadlineMs ?? Date.parse(deadline);
  return {
    title: oneLine(title),
    href: list === "asked" ? requestHref(entry.id) : pid === undefined ? undefined : ballotHref(pid),
    pid: list === "waiting" && isPlain ? pid : undefined,
    requester: requester && personOf(requester),
    status: messages.text(STATUSES[status]),
    tone: status === "approved" ? "approve" : status === "rejected" ? "reject" : "none",
    isOpen,
    whenLabel: messages.text(isOpen ? "label.answerBy" : "label.ended"),
    when: dateText(isOpen ? deadlineMs : Date.parse(endedAt ?? deadline), { locale: messages.locale }),
    inTime: isOpen ? (relativeText(deadlineMs, nowMs, messages.locale) ?? "") : "",
    explanation: explanation && explanationText(explanation, messages, {}),
  };
}

const STATUSES = {
  pending: "inbox.status.pending",
  approved: "page.outcome.approved",
  rejected: "page.outcome.rejected",
  expired: "page.outcome.expired",
  cancelled: "page.outcome.cancelled",
  failed: "inbox.status.failed",
} as const;

function confirmContent(data: Data<"inboxConfirm">, messages: Messages): PageContent {
  const { visitor, nonce, questions, left, isEmpty } = data;
  return {
    template: "pages/inbox-confirm",
    locals: {
      text: messages.text,
      controls: INBOX_FORM,
      confirm: { name: DECISION_FORM.confirm, value: DECISION_FORM.confirmValue },
      commentMax: DECISION_FORM.commentMax,
      form: visitor.form,
      nonce,
      left: left === 0 ? "" : messages.text("inbox.confirm.left", { n: left }),
      problem: isEmpty === true ? messages.text("inbox.confirm.empty") : "",
      questions: questions.map(({ pid, asked }, i) => {
        const { title, summary, details, requester } = asked.request;
        return {
          id: `q${i}`,
          pid,
          href: ballotHref(pid),
          title,
          requester: requester && personOf(requester),
          approver: personOf(asked.approver),
          instead: insteadOf(asked, messages),
          deadline: dateText(asked.deadlineAtMs, { ...asked.approver, locale: messages.locale }),
          inTime: relativeText(asked.deadlineAtMs, asked.nowMs, messages.locale) ?? "",
          afterDeadline: afterDeadlineText(asked.request, asked, messages),
          explanation: asked.explanation && explanationText(asked.explanation, messages, asked.approver),
          action: actionLocals(asked.request, messages, { heading: "h3", id: `q${i}-action` }),
          details: details.map(({ label, value }) => ({ label, value: linkedText(value) })),
          summary: summary === undefined ? undefined : markdownForPage(summary),
          choiceName: `${INBOX_FORM.choice}${i}`,
          commentName: `${INBOX_FORM.comment}${i}`,
          choices: asked.choices.map((choice, c) => ({
            id: `q${i}-${c}`,
            value: choice.value,
            label: choiceText(choice, messages),
            tone: choice.effect,
          })),
        };
      }),
    },
    shell: shellOf(visitor, messages.text("inbox.confirm"), messages),
  };
}

function resultsContent(
  { visitor, results, unknown }: Data<"inboxResults">,
  messages: Messages,
): PageContent {
  return {
    template: "pages/inbox-results",
    locals: {
      text: messages.text,
      unknown: unknown.map((pid) => ({ href: ballotHref(pid), title: pid })),
      results: results.map(({ pid, asked, pressed, stands, effective }) => {
        const told =
          stands &&
          standingText({ asked, stands, press: effective ? "effective" : "late", pressed }, messages);
        return {
          href: ballotHref(pid),
          title: asked.request.title,
          effective: String(effective),
          tone: told?.tone ?? "neutral",
          icon: told?.icon ?? "info",
          headline: told?.headline ?? messages.text("page.problem.notRecorded"),
          explanation: told?.explanation ?? messages.text("inbox.results.open"),
        };
      }),
    },
    shell: shellOf(visitor, messages.text("inbox.results"), messages),
  };
}

/** What surrounds the pages of a person who is signed in. */
function shellOf({ email }: Visiting, title: string, messages: Messages): Omit<ShellContent, "body"> {
  return {
    lang: messages.lang,
    dir: messages.dir,
    title,
    note: email,
    homeHref: "/inbox",
    width: "wide",
    footer: messages.text("inbox.footer"),
  };
}

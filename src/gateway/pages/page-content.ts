import type { Person, PlainChoice } from "../../approval/approval.ts";
import { afterDeadlineText, consequenceText, requirementText } from "../../approval/wording.ts";
import { dateText } from "../../lib/date-text.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import { messagesFor } from "../../lib/messages.ts";
import type { ShellContent } from "../../lib/shell.ts";
import type { Locals } from "../../lib/templates.ts";
import { type Asked, DECISION_FORM, type Page, type Standing } from "./page.ts";
import { standingText, type Visit } from "./standing-text.ts";

/** A page as data: which template, what it prints, and what surrounds it. */
export interface PageContent {
  readonly template: string;
  readonly locals: Locals;
  readonly shell: Omit<ShellContent, "body">;
}

/** Every field a template prints is picked here by name; data of callers never passes through whole. */
export function pageContent(page: Page, publicUrl: string): PageContent {
  switch (page.view) {
    case "decide":
      return decide(page.data);
    case "standing":
      return result(page.data, "view");
    case "receipt":
      return result(page.data, page.data.effective ? "effective" : "late");
    case "refused":
      return message(REFUSED);
    case "notRecorded":
      return message(NOT_RECORDED);
    case "error":
      return message({
        headline: page.data.title,
        explanation: page.data.message,
        icon: "info",
        ...(page.data.requestId === undefined ? {} : { reference: page.data.requestId }),
      });
    case "home":
      return {
        template: "pages/home",
        locals: { mailbox: page.data.mailbox, example: exampleCall(publicUrl) },
        shell: { title: "Decisions by mail", footer: "Countersign, a durable approval service." },
      };
    default:
      return page satisfies never;
  }
}

function decide(data: (Page & { view: "decide" })["data"]): PageContent {
  const { request, choice } = data;
  const press = choice === "approve" ? "Approve this request" : "Reject this request";
  return {
    template: "pages/decide",
    locals: {
      ...asked(data),
      summary: request.summary === undefined ? undefined : markdownForPage(request.summary),
      details: request.details.map(({ label, value }) => ({ label, value })),
      requirement: requirementText(request, messagesFor()),
      deadline: dateText(data.deadlineAtMs, data.approver),
      afterDeadline: afterDeadlineText(request, messagesFor()),
      choice,
      press,
      opposite: choice === "approve" ? "reject" : "approve",
      consequence: consequenceText(choice, request, messagesFor()),
      problem: data.problem,
      comment: data.comment ?? "",
      commentMax: DECISION_FORM.commentMax.toLocaleString("en"),
      form: DECISION_FORM,
    },
    shell: {
      title: `${data.problem === undefined ? "" : "Not recorded: "}${press}: ${request.title}`,
      note: "Decision request",
      width: "wide",
    },
  };
}

type Settled = Asked & { readonly choice: PlainChoice; readonly stands: Standing };

function result(data: Settled, press: Visit["press"]): PageContent {
  const { stands, choice, request } = data;
  const text = standingText({ stands, choice, press, request });
  const answer = stands.kind === "decided" ? stands.choice : undefined;
  return {
    template: "pages/result",
    locals: {
      ...asked(data),
      ...text,
      recordTitle: press === "effective" ? "Your receipt" : "On record",
      answer: answer === undefined ? undefined : CHOICES[answer],
      by: stands.kind === "decided" ? decider(stands.by, data.approver) : undefined,
      at: stands.atMs === undefined ? undefined : dateText(stands.atMs, data.approver),
      atLabel: stands.kind === "decided" ? "Recorded" : "Closed",
      comment: stands.kind === "decided" ? stands.comment : undefined,
      // An answer that the person has not given should not look like theirs.
      through: stands.kind === "decided" ? throughText(stands) : undefined,
      reason: stands.kind === "closed" ? stands.reason : undefined,
      outcome: stands.outcome === undefined ? undefined : OUTCOMES[stands.outcome],
    },
    shell: {
      title: `${text.headline}: ${request.title}`,
      note: press === "view" ? "Decision request" : "Receipt",
      decision: stands.kind === "decided" ? CHOICES[stands.choice].toLowerCase() : stands.because,
      effective: press === "effective",
      ...(stands.outcome === undefined ? {} : { outcome: stands.outcome }),
    },
  };
}

function asked({ request, approver }: Asked): Locals {
  return {
    title: request.title,
    requester: request.requester === undefined ? undefined : person(request.requester),
    approver: person(approver),
  };
}

/** Which program answered in the person's place; undefined if they did it by their own link. */
function throughText({ door, caller }: Extract<Standing, { kind: "decided" }>): string | undefined {
  if (door === "mail") return undefined;
  if (door === "api") return caller === undefined ? "A program" : `A program, with the API key ${caller}`;
  return caller === undefined ? "Another system" : `Another system: ${caller}`;
}

const OUTCOMES = {
  approved: "Approved",
  rejected: "Rejected",
  expired: "Expired",
  cancelled: "Cancelled",
} as const;

function decider(email: string, approver: Person): Locals {
  return email.toLowerCase() === approver.email.toLowerCase() ? person(approver) : person({ email });
}

function person({ name, email }: Person): Locals {
  return { name, email };
}

interface Message {
  readonly headline: string;
  readonly explanation: string;
  readonly icon: "info" | "closed" | "clock";
  readonly steps?: readonly string[];
  /** Offers to open the same address again, by GET, without naming it. */
  readonly again?: boolean;
  readonly reference?: string;
}

function message({
  headline,
  explanation,
  icon,
  steps = [],
  again = false,
  reference,
}: Message): PageContent {
  return {
    template: "pages/message",
    locals: { headline, explanation, icon, steps, again, reference, tone: "neutral" },
    shell: { title: headline },
  };
}

const CHOICES = { approve: "Approved", reject: "Rejected" } as const;

/** Says nothing about what was wrong: it is the same for a forged link, an old one, and a mistyped one. */
const REFUSED: Message = {
  headline: "This link does not work",
  explanation: "It may be incomplete, too old, or replaced by a newer one. Nothing was recorded.",
  icon: "closed",
  steps: [
    "Look for the newest mail about the request and open the link there.",
    "If you copied the link, make sure that you copied all of it.",
    "Otherwise ask the person who needs the decision for a new link.",
  ],
};

/** Never claims that nothing was recorded: an answer may have been stored and the reply to it lost. */
const NOT_RECORDED: Message = {
  headline: "Not confirmed, please try again",
  explanation:
    "The service cannot reach its records just now, so it does not know whether an answer was recorded.",
  icon: "clock",
  steps: [
    "Wait a minute.",
    "Then open the page again. Your link still works. The page shows what is recorded, with the button if your answer is still needed.",
  ],
  again: true,
};

function exampleCall(publicUrl: string): string {
  return [
    `curl ${publicUrl}/approvals \\`,
    `  -H 'content-type: application/json' -d '{`,
    `  "title": "Order 40 laptops",`,
    `  "summary": "The old ones are **five years** old.",`,
    `  "approvers": ["you@example.com"]`,
    `}'`,
  ].join("\n");
}

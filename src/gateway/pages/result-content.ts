import type { Person } from "../../approval/approval.ts";
import { contentOf } from "../../approval/content.ts";
import { doerOf, programOf } from "../../approval/doer.ts";
import type { FieldValue } from "../../approval/field-answers.ts";
import { actionsOf } from "../../approval/items.ts";
import { doNotAskText } from "../../approval/refusal/words.ts";
import { explanationText, whyText } from "../../approval/wording.ts";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import { dateText, relativeText } from "../../lib/date-text.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { actionLocals } from "./action-content.ts";
import { answerText } from "./choice-text.ts";
import { linkedText } from "./linked-text.ts";
import { type Asked, DECISION_FORM, type Standing } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import { peopleOf, personOf } from "./people.ts";
import { OUTCOMES, standingText, type Visit } from "./standing-text.ts";

/**
 * How a ballot was settled, as a record that proves something by itself: what was shown, who answered what and when, and
 * what came of the request. It is read from storage each time, so a receipt opened later also
 * tells the outcome.
 */
export function resultContent(visit: Visit, messages: Messages): PageContent {
  const { asked, stands, press } = visit;
  const { request, approver, reference } = asked;
  const text = standingText(visit, messages);
  const cancelled = stands.kind === "decided" ? stands.cancelled : undefined;
  const at = stands.atMs === undefined ? undefined : dateOf(stands.atMs, asked, messages);
  return {
    template: "pages/result",
    locals: {
      text: messages.text,
      headline: text.headline,
      lead: text.explanation,
      next: text.next,
      tone: text.tone,
      icon: text.icon,
      recordTitle: messages.text(press === "effective" ? "page.yourReceipt" : "page.onRecord"),
      title: request.title,
      requester: request.requester && personOf(request.requester),
      reference,
      approver: personOf(approver),
      at,
      decided: stands.kind === "decided" ? decidedRecord(stands, asked, messages) : undefined,
      reason: stands.kind === "closed" ? stands.reason : undefined,
      to: stands.kind === "closed" ? stands.to && personOf(stands.to) : undefined,
      undo: undoOf(visit, messages),
      standing: standingLink(visit, messages),
      form: DECISION_FORM,
      session: visit.session,
      outcome: outcomeOf(visit, messages),
      cancelled: cancelled && { at: dateOf(cancelled.atMs, asked, messages), reason: cancelled.reason },
      explanation: asked.explanation && explanationText(asked.explanation, messages, approver),
      people: peopleOf(asked, messages),
      // What was shown before a change is not what the request has now; its hash still says which it was.
      shown: asked.contentHash === undefined,
      action: actionLocals(request, messages, {
        heading: "h3",
        // Before it is approved, what this answer leaves out; then what anybody's did.
        leftOut: asked.leftOut ?? (stands.kind === "decided" ? stands.except : undefined),
      }),
      details: request.details.map(({ label, value }) => ({ label, value: linkedText(value) })),
      summary: request.summary === undefined ? undefined : markdownForPage(request.summary),
      signed: visit.signed,
      hash: asked.contentHash ?? canonicalHash(contentOf(request)),
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: `${text.headline} – ${request.title}`,
      note: messages.text(press === "view" ? "page.decisionRequest" : "page.receipt"),
      footer: messages.text("page.footer"),
      decision: stands.kind === "decided" ? wordOf(stands) : stands.because,
      effective: press === "effective",
      ...(stands.outcome === undefined ? {} : { outcome: stands.outcome }),
    },
  };
}

function standingLink({ standingApproval, standingRefusal }: Visit, messages: Messages): Locals | undefined {
  if (standingApproval !== undefined) return { href: standingApproval, text: messages.text("standing.link") };
  return standingRefusal === undefined
    ? undefined
    : { href: standingRefusal, text: messages.text("refusal.link") };
}

/** For tools: how an answer is called in states of ballots. */
function wordOf({ answer }: Extract<Standing, { kind: "decided" }>): string {
  return { approve: "approved", reject: "rejected", changes: "changes-requested" }[answer.effect];
}

function decidedRecord(
  stands: Extract<Standing, { kind: "decided" }>,
  { approver, request }: Asked,
  messages: Messages,
): Locals {
  const { answer, by, comment, fields: values = {}, except = [], doNotAsk } = stands;
  return {
    answer: answerText(answer, messages),
    by: decider(by, approver),
    through: throughText(stands, messages),
    comment,
    doNotAsk: doNotAsk && doNotAskText(doNotAsk, messages, approver),
    except: except.map((n) => messages.text("action.item", { n, of: actionsOf(request).length })).join(", "),
    fields: Object.entries(values).map(([name, value]) => ({
      label: request.fields?.properties[name]?.title ?? name,
      value: valueText(value, messages),
    })),
  };
}

function valueText(value: FieldValue, messages: Messages): string {
  if (typeof value === "boolean") return messages.text(value ? "page.field.yes" : "page.field.no");
  return String(value);
}

/** How the person was known; or which program answered in their place, so that its answer does not look like theirs. */
function throughText(
  { door, signedInBy, caller, client }: Extract<Standing, { kind: "decided" }>,
  messages: Messages,
): string {
  if (door === "mail") return messages.text("page.through.link");
  if (door === "inbox") {
    if (signedInBy === undefined) return messages.text("page.through.inbox");
    return messages.text(signedInBy === "mail" ? "page.through.inboxByMail" : "page.through.inboxByPasskey");
  }
  if (door === "api") {
    const doer = doerOf(programOf({ caller, client }));
    return doer?.kind === "key"
      ? messages.text("page.through.key", { caller: doer.name })
      : messages.text("page.through.program");
  }
  return caller === undefined
    ? messages.text("page.through.system")
    : messages.text("page.through.named", { caller });
}

/** The button that takes the answer back, and until when there is one. */
function undoOf({ asked, stands, undo }: Visit, messages: Messages): Locals | undefined {
  if (undo === undefined || stands.kind !== "decided" || stands.undoUntilMs === undefined) return undefined;
  const until = stands.undoUntilMs;
  return {
    path: undo,
    until: messages.text("act.undo.until", {
      time: dateOf(until, asked, messages).local,
      inTime: relativeText(until, asked.nowMs, messages.locale) ?? "",
    }),
    press: messages.text("act.undo"),
  };
}

function outcomeOf({ stands, asked: { why, approver } }: Visit, messages: Messages): string {
  const { outcome: ended } = stands;
  const text = messages.text(ended === undefined ? "page.outcome.open" : OUTCOMES[ended]);
  const because = ended && why && whyText(why, ended, messages, approver);
  const outcome = because === undefined ? text : `${text} ${because}`;
  const isChanged = stands.kind === "decided" && stands.isChanged === true;
  return isChanged ? `${messages.text("page.closed.roundOver")}. ${outcome}` : outcome;
}

function decider(email: string, approver: Person): Locals {
  return email.toLowerCase() === approver.email.toLowerCase() ? personOf(approver) : personOf({ email });
}

function dateOf(atMs: number, { approver }: Asked, messages: Messages) {
  return dateText(atMs, { ...approver, locale: messages.locale });
}

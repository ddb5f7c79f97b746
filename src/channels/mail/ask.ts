/** Mails that ask for a decision, each for the first time or again. */
import type { Content } from "../../approval/approval.ts";
import { contentChanges } from "../../approval/content-changes.ts";
import { choicesOf } from "../../approval/rule.ts";
import { afterDeadlineText, consequenceText, explanationText, shareOf } from "../../approval/wording.ts";
import { dateText } from "../../lib/date-text.ts";
import { Html } from "../../lib/html.ts";
import type { Messages } from "../../lib/messages.ts";
import { oneLine } from "../../lib/text.ts";
import { linklessText } from "./asker-text.ts";
import { type Action, type Entry, entriesWithin, type MailContent, type Making } from "./content.ts";
import type { AskMail, MailOf } from "./message.ts";
import { dateLines, nameOf, ourLine, personLine, type Row, row, theirLine, theirLines } from "./rows.ts";
import { both } from "./shown.ts";

export type AskingMail = MailOf<
  "request" | "reminder" | "escalated" | "reassigned" | "next-round" | "undone"
>;

export function asking(mail: AskingMail, making: Making): MailContent {
  const { messages } = making;
  const { request, approver, onDeadline = request.onDeadline } = mail;
  const { requester } = request;
  const title = oneLine(request.title);
  const lead = messages.text(leadOf(mail));
  const deadline = dateText(mail.deadlineAtMs, { ...approver, locale: messages.locale });
  const isFirst = mail.kind === "request" && requester !== undefined && mail.inPlaceOf === undefined;
  return {
    to: approver,
    subject: messages.text(SUBJECTS[mail.kind], { title }),
    lead,
    ...(isFirst
      ? { namedLead: messages.html("mail.lead.asks", { who: strongName(nameOf(requester)) }) }
      : {}),
    preview: messages.text("mail.answerBy", { deadline: deadline.local }),
    story: isReplaced(mail) ? [messages.text("mail.linksReplaced")] : [],
    rows: [
      ...occasion(mail, messages),
      ...doerRow(mail, messages),
      ...instead(mail, messages),
      ...(requester === undefined ? [] : [row(messages, "label.askedBy", personLine(requester))]),
      row(messages, "label.youDecideAs", personLine(approver)),
      row(
        messages,
        "label.answerBy",
        ...dateLines(deadline),
        ourLine(afterDeadlineText(request, { onDeadline, stage: mail.stage }, messages), "soft"),
      ),
      ...needed(mail, messages),
    ],
    ...(mail.kind === "next-round" ? changes(mail.before, request, messages) : {}),
    actions: actionsOf(mail, messages),
    ...(mail.viewLink === undefined ? {} : { viewLink: mail.viewLink }),
    body: making.shownOf(messages),
  };
}

/**
 * Whether the reader has links that stopped working: not who got somebody else's question, and is asked for the first time,
 * and not who gets their mail once more.
 */
function isReplaced(mail: AskingMail): boolean {
  const { kind, gen, first } = mail;
  if (gen === 0 || kind === "undone") return false;
  if (kind === "request" && mail.resentAtMs !== undefined) return false;
  return kind === "request" || first !== undefined;
}

const SUBJECTS = {
  request: "mail.subject.request",
  reminder: "mail.subject.reminder",
  escalated: "mail.subject.request",
  reassigned: "mail.subject.request",
  "next-round": "mail.subject.nextRound",
  undone: "mail.subject.undone",
} as const;

const LEADS = {
  request: "mail.lead.request",
  reminder: "mail.lead.reminder",
  escalated: "mail.lead.escalated",
  reassigned: "mail.lead.reassigned",
  "next-round": "mail.lead.nextRound",
  undone: "mail.lead.undone",
} as const;

function leadOf({ kind, inPlaceOf, doer }: AskingMail) {
  if (kind === "undone" && doer !== undefined) return "mail.lead.undone.others";
  return kind === "request" && inPlaceOf !== undefined ? "mail.lead.away" : LEADS[kind];
}

/** In whose place the reader is asked, and why. */
function instead({ inPlaceOf = [], approver }: AskMail, messages: Messages): readonly Row[] {
  return inPlaceOf.map(({ person, untilMs, note }) => {
    const until = dateText(untilMs, { ...approver, locale: messages.locale }).local;
    return row(
      messages,
      "label.insteadOf",
      personLine(person),
      ourLine(messages.text("person.awayUntil", { until }), "soft"),
      ...(note === undefined ? [] : theirLines(note)),
    );
  });
}

/** What has led to this mail, beside the lead. */
function occasion(mail: AskingMail, messages: Messages): readonly Row[] {
  switch (mail.kind) {
    case "reassigned": {
      // Where somebody else has passed it on, this person was only asked before.
      const label = mail.doer === undefined ? "label.passedOnBy" : "label.askedBefore";
      return [row(messages, label, personLine(mail.from)), ...reasonRow(mail.reason, messages)];
    }
    case "reminder":
      return mail.explanation === undefined
        ? []
        : [
            row(
              messages,
              "label.standing",
              theirLine(both(explanationText(mail.explanation, messages, mail.approver))),
            ),
          ];
    case "next-round":
      return mail.note === undefined ? [] : [row(messages, "label.note", ...theirLines(mail.note))];
    case "request":
    case "escalated":
    case "undone":
      return [];
    default:
      return mail satisfies never;
  }
}

/** How many approvals are needed where the answer counts. Groups and stages have the asker's names. */
function needed({ request, stage, groups }: AskMail, messages: Messages): readonly Row[] {
  const share = shareOf(request, { stage, groups }, messages);
  const { stage: place } = share;
  return [
    ...(place === undefined
      ? []
      : [
          row(
            messages,
            "label.stage",
            ourLine(messages.text("part.of", { n: place.n, of: place.of })),
            place.name === undefined ? undefined : theirLine(both(place.name)),
          ),
        ]),
    row(
      messages,
      "label.needed",
      ...share.groups.flatMap(({ name, text }) => [
        ...(name === undefined ? [] : [theirLine(both(name))]),
        ourLine(text),
      ]),
    ),
  ];
}

/** Who did what this mail tells of, where that was an operator or a program. */
export function doerRow({ doer }: Pick<AskMail, "doer">, messages: Messages): readonly Row[] {
  switch (doer?.kind) {
    case undefined:
      return [];
    case "operator":
      return [row(messages, "label.byOperator", theirLine(both(doer.name)))];
    case "key":
      return [row(messages, "label.byKey", theirLine(both(doer.name)))];
    case "command-line":
      return [row(messages, "label.doneBy", ourLine(messages.text("doer.commandLine")))];
    case "program":
      return [row(messages, "label.doneBy", ourLine(messages.text("doer.program")))];
    default:
      return doer satisfies never;
  }
}

export function reasonRow(reason: string | undefined, messages: Messages): readonly Row[] {
  return reason === undefined ? [] : [row(messages, "label.reason", ...theirLines(reason))];
}

function actionsOf({ request, links }: AskMail, messages: Messages): readonly Action[] {
  return choicesOf(request).flatMap(({ value, effect, label }) => {
    const url = links[value];
    if (url === undefined) return [];
    const means = consequenceText(effect, request, messages);
    const tone = TONES[effect];
    if (label !== undefined) {
      const theirs = both(label);
      return {
        label: theirs.html,
        url,
        tone,
        means,
        invitation: messages.text("mail.text.labelled"),
        theirLabel: theirs.text,
      };
    }
    return {
      label: messages.html(CHOICES[effect]),
      url,
      tone,
      means,
      invitation: messages.text(INVITATIONS[effect]),
    };
  });
}

const TONES = { approve: "approve", reject: "reject", changes: "neutral" } as const;
const CHOICES = { approve: "choice.approve", reject: "choice.reject", changes: "choice.changes" } as const;
const INVITATIONS = {
  approve: "mail.text.approve",
  reject: "mail.text.reject",
  changes: "mail.text.changes",
} as const;

/** What is not as it was in the round before. A long text is only named: the mail shows it as it is now. */
function changes(before: Content, now: Content, messages: Messages): Pick<MailContent, "entries"> {
  const lineOf = (label: "label.before" | "label.after", value: string | undefined) =>
    value === undefined ? [] : [ourLine(messages.text(label), "soft"), theirLine(both(value))];
  const entries = contentChanges(before, now).map(({ part, label = "", before: old, after }): Entry => {
    if (part === "summary") return { title: ourLine(messages.text("label.summary")), lines: [] };
    const title = part === "title" ? ourLine(messages.text("label.title")) : theirLine(both(label));
    return { title, lines: [...lineOf("label.before", old), ...lineOf("label.after", after)] };
  });
  return {
    entries: { heading: messages.text("label.changed"), entries: entriesWithin(entries, CHANGES_BYTES_MAX) },
  };
}

/** Beside a summary and details at their longest, the mail stays below what mail programs show. */
const CHANGES_BYTES_MAX = 15_000;

function strongName(name: string): Html {
  return new Html(`<bdi><strong>${linklessText(name).toString()}</strong></bdi>`);
}

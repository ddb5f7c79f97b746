/** Mails that tell what has happened, and ask for no decision. */
import {
  type ApprovalRequest,
  type CountedDecision,
  type Door,
  effectOf,
  type Person,
} from "../../approval/approval.ts";
import type { Program } from "../../approval/doer.ts";
import type { Explanation } from "../../approval/evaluate/evaluation.ts";
import { type UsedText, usedTexts } from "../../approval/limits/words.ts";
import { addressKey } from "../../approval/person.ts";
import type { DoNotAsk } from "../../approval/refusal/do-not-ask.ts";
import { doNotAskText } from "../../approval/refusal/words.ts";
import { choicesOf, ruleOf } from "../../approval/rule.ts";
import { explanationText, peopleText, recordedText, whyText } from "../../approval/wording.ts";
import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import { oneLine } from "../../lib/text.ts";
import { doerRow, reasonRow } from "./ask.ts";
import { type Entry, entriesWithin, type MailContent, type Making } from "./content.ts";
import type { MailOf } from "./message.ts";
import { dateLines, type Line, ourLine, personLine, type Row, row, theirLine, theirLines } from "./rows.ts";
import { both } from "./shown.ts";

export type Notice = MailOf<
  | "handed-on"
  | "no-longer-needed"
  | "outcome"
  | "requested"
  | "requester-outcome"
  | "changes-requested"
  | "out-of-reach"
  | "undeliverable"
  | "standing-used"
  | "requester-standing-used"
>;

export function notice(mail: Notice, making: Making): MailContent {
  const { messages } = making;
  const { requester } = mail.request;
  const to = "requester" in mail ? mail.requester : mail.approver;
  const isForRequester = "requester" in mail;
  const asked =
    requester === undefined || isForRequester ? [] : [row(messages, "label.askedBy", personLine(requester))];
  const { subject, lead, rows, ...more } = told(mail, to, making);
  return {
    to,
    subject: messages.text(subject, { title: oneLine(mail.request.title) }),
    lead,
    story: [],
    rows: [...asked, ...doerRow(mail, messages), ...rows],
    actions: [],
    ...more,
  };
}

type Told = Pick<MailContent, "lead" | "rows"> &
  Partial<Pick<MailContent, "story" | "entries" | "actions">> & {
    readonly subject: SubjectKey;
  };

type SubjectKey = (typeof SUBJECTS)[keyof typeof SUBJECTS];

function told(mail: Notice, to: Person, { messages }: Making): Told {
  const dated = (label: DatedLabel, atMs: number): Row =>
    row(messages, label, ...dateLines(dateText(atMs, { ...to, locale: messages.locale })));
  switch (mail.kind) {
    case "handed-on":
      return {
        subject: "mail.subject.handedOn",
        lead: messages.text("mail.lead.handedOn"),
        story: [messages.text("mail.linksReplaced")],
        rows: [row(messages, "label.nowAsked", personLine(mail.to)), ...reasonRow(mail.reason, messages)],
      };
    case "no-longer-needed":
      return {
        subject: "mail.subject.notNeeded",
        lead: messages.text(NOT_NEEDED[mail.because]),
        rows: [dated("label.ended", mail.atMs), ...reasonRow(mail.reason, messages)],
      };
    case "requested":
      return {
        subject: "mail.subject.requested",
        lead: messages.text("mail.lead.requested"),
        story: [messages.text("mail.requested.next")],
        rows: [row(messages, "label.asked", theirLine(both(peopleText(mail.people, messages))))],
        ...linkTo("mail.request.link", mail.link, messages),
      };
    case "outcome":
    case "requester-outcome":
      return {
        subject: SUBJECTS[mail.outcome],
        lead: messages.text(OUTCOMES[mail.outcome]),
        ...whyOf(mail, to, messages),
        rows: [dated("label.ended", mail.atMs), ...reasonRow(mail.reason, messages)],
        ...answers(mail, to, messages),
        ...linkTo(mail.kind === "outcome" ? "mail.refusal.link" : "mail.request.link", mail.link, messages),
      };
    case "changes-requested":
      return {
        subject: "mail.subject.changes",
        lead: messages.text("mail.lead.changes"),
        story: [messages.text("mail.changes.next")],
        rows: [
          row(messages, "label.requestedBy", personLine(mail.by), ...recordedLine(mail.by, mail, messages)),
          ...(mail.comment === undefined
            ? []
            : [row(messages, "label.comment", ...theirLines(mail.comment))]),
          row(messages, "label.round", ourLine(messages.text("part.of", { n: mail.round, of: mail.rounds }))),
          dated("label.answerBy", mail.deadlineAtMs),
        ],
        ...linkTo("mail.changes.link", mail.link, messages),
      };
    case "out-of-reach": {
      const { n: _, explanation, deadlineAtMs, mayChange } = mail;
      return {
        subject: "mail.subject.outOfReach",
        lead: messages.text("mail.lead.outOfReach"),
        story: [messages.text(mayChange ? "mail.outOfReach.change" : "mail.outOfReach.cancel")],
        rows: [
          ...stageRow(explanation, messages),
          row(messages, "label.standing", theirLine(both(explanationText(explanation, messages, to)))),
          dated("label.answerBy", deadlineAtMs),
        ],
        ...linkTo(mayChange ? "mail.changes.link" : "mail.request.link", mail.link, messages),
      };
    }
    case "standing-used":
    case "requester-standing-used":
      return standingUsed(mail, { dated, messages });
    case "undeliverable":
      return {
        subject: "mail.subject.undeliverable",
        lead: messages.text("mail.lead.undeliverable", { n: mail.people.length }),
        story: [messages.text("mail.undeliverable.next")],
        rows: [row(messages, "label.notReached", ...mail.people.map(personLine))],
        ...linkTo("mail.request.link", mail.link, messages),
      };
    default:
      return mail satisfies never;
  }
}

type DatedLabel = "label.ended" | "label.answerBy" | "label.lastUsed" | "label.validUntil";

function standingUsed(
  mail: MailOf<"standing-used" | "requester-standing-used">,
  {
    dated,
    messages,
  }: { readonly dated: (label: DatedLabel, atMs: number) => Row; readonly messages: Messages },
): Told {
  const { told, used, atMs, untilMs, request, link } = mail;
  const standing = request.action?.standing;
  return {
    subject: told === "first" ? "mail.subject.standingFirst" : "mail.subject.standingNear",
    lead: messages.text(told === "first" ? "mail.lead.standingFirst" : "mail.lead.standingNear"),
    story: [messages.text("mail.standing.next")],
    rows: [
      ...(request.action === undefined
        ? []
        : [row(messages, "label.tool", theirLine(both(request.action.tool)))]),
      ...(standing === undefined ? [] : usedTexts(standing, used, messages).map(usedRow(messages))),
      dated("label.lastUsed", atMs),
      dated("label.validUntil", untilMs),
    ],
    ...linkTo("mail.standing.link", link, messages),
  };
}

/** The name of an argument is the asker's. */
function usedRow(messages: Messages) {
  return ({ argument, text }: UsedText): Row =>
    argument === undefined
      ? row(messages, "label.used", ourLine(text))
      : row(messages, "label.total", theirLine(both(argument)), ourLine(text));
}

function whyOf(
  { why, outcome }: MailOf<"outcome" | "requester-outcome">,
  reader: Person,
  messages: Messages,
): Pick<MailContent, "story"> | object {
  const text = why && whyText(why, outcome, messages, reader);
  return text === undefined ? {} : { story: [text] };
}

/** Which of several stages it is. */
function stageRow({ stage, stages, stageName }: Explanation, messages: Messages): Row[] {
  if (stages === 1) return [];
  const place = ourLine(messages.text("part.of", { n: stage, of: stages }), "soft");
  return [
    row(messages, "label.stage", ...(stageName === undefined ? [] : [theirLine(both(stageName))]), place),
  ];
}

/** A button that leads to a page of the reader's own. */
function linkTo(
  label: "mail.changes.link" | "mail.refusal.link" | "mail.request.link" | "mail.standing.link",
  url: string | undefined,
  messages: Messages,
): Pick<MailContent, "actions"> | object {
  if (url === undefined) return {};
  const invitation = `${messages.text(label)}:`;
  return { actions: [{ label: messages.html(label), url, tone: "neutral", invitation }] };
}

const SUBJECTS = {
  requested: "mail.subject.requested",
  approved: "mail.subject.approved",
  rejected: "mail.subject.rejected",
  expired: "mail.subject.expired",
  cancelled: "mail.subject.cancelled",
  handedOn: "mail.subject.handedOn",
  notNeeded: "mail.subject.notNeeded",
  changes: "mail.subject.changes",
  outOfReach: "mail.subject.outOfReach",
  undeliverable: "mail.subject.undeliverable",
  standingFirst: "mail.subject.standingFirst",
  standingNear: "mail.subject.standingNear",
} as const;

const OUTCOMES = {
  approved: "mail.lead.outcome.approved",
  rejected: "mail.lead.outcome.rejected",
  expired: "mail.lead.outcome.expired",
  cancelled: "mail.lead.outcome.cancelled",
} as const;

const NOT_NEEDED = {
  approved: "mail.lead.notNeeded.approved",
  rejected: "mail.lead.notNeeded.rejected",
  expired: "mail.lead.notNeeded.expired",
  cancelled: "mail.lead.notNeeded.cancelled",
  "stage-done": "mail.lead.notNeeded.stageDone",
  escalated: "mail.lead.notNeeded.escalated",
  "changes-requested": "mail.lead.notNeeded.changes",
  "round-over": "mail.lead.notNeeded.roundOver",
} as const;

function answers(
  { decisions, request }: MailOf<"outcome" | "requester-outcome">,
  reader: Person,
  messages: Messages,
): Pick<MailContent, "entries"> {
  if (decisions.length === 0) return {};
  const names = new Map(peopleOf(request).map((person) => [addressKey(person.email), person]));
  const entries = decisions.map((decision): Entry => {
    const { email, at, comment, doNotAsk } = decision;
    const date = dateText(Date.parse(at), { ...reader, locale: messages.locale });
    const person = names.get(addressKey(email)) ?? { email };
    return {
      title: personLine(person),
      lines: [
        ...answerLines(decision, { request, messages }),
        ...throughLine(decision, messages),
        ...recordedLine(person, decision, messages),
        ourLine(date.local, "soft"),
        ...(doNotAsk === undefined ? [] : doNotAskLines(doNotAsk, reader, messages)),
        ...(comment === undefined ? [] : theirLines(comment)),
      ],
    };
  });
  return {
    entries: { heading: messages.text("label.answers"), entries: entriesWithin(entries, ANSWERS_BYTES_MAX) },
  };
}

/** Fifty people can each write as much as a mail shows. */
const ANSWERS_BYTES_MAX = 60_000;

/** Everybody whom the request names as an approver. */
function peopleOf(request: ApprovalRequest): readonly Person[] {
  return ruleOf(request).stages.flatMap(({ groups, escalateTo }) => [
    ...groups.flatMap(({ approvers }) => approvers),
    ...escalateTo.flat(),
  ]);
}

/** Which program has answered, if one has. It names the person and the program. */
function recordedLine(
  person: Person,
  entered: Program & { readonly door?: Door },
  messages: Messages,
): readonly Line[] {
  const text = recordedText(person, entered, messages);
  return text === undefined ? [] : [theirLine(both(text))];
}

/** How the person was known; nothing where a program answered in their place, which `recordedLine` tells. */
function throughLine({ door, signedInBy }: CountedDecision, messages: Messages): readonly Line[] {
  if (door === "mail") return [ourLine(messages.text("answer.through.link"), "soft")];
  if (door !== "inbox") return [];
  const key = signedInBy === undefined ? "answer.through.inbox" : SIGNED_IN[signedInBy];
  return [ourLine(messages.text(key), "soft")];
}

const SIGNED_IN = {
  mail: "answer.through.inboxByMail",
  passkey: "answer.through.inboxByPasskey",
} as const;

/** What was answered. A choice with a name of the asker's own may be called anything, so what it counts as follows. */
function answerLines(
  decision: CountedDecision,
  { request, messages }: { request: ApprovalRequest; messages: Messages },
): readonly Line[] {
  const chosen = choicesOf(request).find(({ value }) => value === decision.choice);
  const effect = messages.text(ANSWERS[effectOf(decision)]);
  return chosen?.label === undefined
    ? [ourLine(effect)]
    : [theirLine(both(chosen.label)), ourLine(effect, "soft")];
}

/** That it is not to be asked again. The names of arguments and their values are the asker's, or the approver's. */
function doNotAskLines(doNotAsk: DoNotAsk, reader: Person, messages: Messages): readonly Line[] {
  const { text, limits } = doNotAskText(doNotAsk, messages, reader);
  return [
    ourLine(`${messages.text("label.doNotAsk")}: ${text}`),
    ...limits.map(({ label, value }) => theirLine(both(`${label}: ${value}`))),
  ];
}

const ANSWERS = { approve: "answer.approve", reject: "answer.reject", changes: "answer.changes" } as const;

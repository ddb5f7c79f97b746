import type { Person } from "../../../approval/approval.ts";
import { type Doer, doerOf } from "../../../approval/doer.ts";
import type { HistoryEvent } from "../../../approval/history.ts";
import { dateText } from "../../../lib/date-text.ts";
import { oneLine } from "../../../lib/text.ts";

/**
 * What happened, as a line of the timeline.
 *
 * @param isRejected whether the approval was rejected: all that can be revoked of it then is a refusal in advance
 */
export function eventText(event: HistoryEvent, isRejected: boolean): string {
  return `${whatHappened(event, isRejected)}${doneBy(event)}`;
}

function whatHappened(event: HistoryEvent, isRejected: boolean): string {
  const who = nameOf(event.person);
  switch (event.type) {
    case "requested":
      return event.person === undefined ? "Requested" : `Requested for ${who}`;
    case "stage-opened":
      return `Stage ${event.stage ?? ""} opened`;
    case "changed":
      return "The question was changed: a new round began";
    case "extended":
      return `The deadline was moved to ${event.deadline === undefined ? "" : dateText(Date.parse(event.deadline)).local}`;
    case "asked":
      return `${who} was asked${event.via === undefined ? "" : VIA[event.via]}`;
    case "mailed":
      return `Mail to ${event.person === undefined ? "the requester" : who}: ${MAILS[event.mail ?? ""] ?? event.mail ?? ""} – ${MAIL_STATES[event.status ?? ""] ?? event.status ?? ""}`;
    case "opened":
      return `The link of ${who} was first opened by what looks like a ${event.opener ?? ""}`;
    case "mail-delayed":
      return `The mail to ${who} is delayed on its way${event.status === undefined ? "" : ` (${event.status})`}`;
    case "mail-bounced":
      return `The mail to ${who} came back${event.status === undefined ? "" : ` (${event.status})`}`;
    case "decided":
      return `${who} answered: ${event.choice ?? ""}`;
    case "undone":
      return "The answer was taken back";
    case "reassigned":
      return `The question of ${who} was passed on to ${nameOf(event.to)}`;
    case "recused":
      return `${who} takes no part`;
    case "reissued":
      return `The links of ${who} were replaced by new ones`;
    case "deadline-passed":
      return "The deadline passed";
    case "cancel-requested":
      return "A cancellation was asked for";
    case "changes-requested":
      return "Changes were requested";
    case "withdrawn":
      return `The question of ${who} was withdrawn`;
    case "ended":
      return `Ended: ${event.outcome ?? ""}`;
    case "consumed":
      return `${actionOf(event)} was consumed`;
    case "revoked":
      return isRejected ? "The refusal in advance was revoked" : `${actionOf(event)} was revoked`;
    case "callback":
      return `Callback ${event.event ?? ""} to ${event.by ?? ""}: ${event.status ?? ""}`;
    default:
      return event.type satisfies never;
  }
}

function actionOf({ item }: HistoryEvent): string {
  return item === undefined ? "The action" : `Action ${item}`;
}

const VIA = {
  reassigned: " in place of somebody else",
  escalated: " because others had not answered in time",
  absence: " in place of somebody who is away",
  undo: " again, because the answer was taken back",
  reissued: " again, with new links",
  round: " again, because the question was changed",
} as const;

const MAILS: Readonly<Record<string, string>> = {
  request: "the question",
  reminder: "a reminder",
  resend: "the links once more",
  "handed-on": "the question was passed on",
  "no-longer-needed": "no answer is needed any more",
  outcome: "the outcome",
  "requester-outcome": "the outcome",
  "changes-requested": "changes are requested",
  undeliverable: "somebody cannot be reached",
  requested: "people were asked",
};

const MAIL_STATES: Readonly<Record<string, string>> = {
  sent: "accepted by the relay",
  deferred: "not accepted yet, tried again",
  undeliverable: "cannot be delivered",
  skipped: "not sent, because it was no longer needed",
  pending: "on its way",
};

/** Who did it, in place of the people of the approval. */
export function doerName(doer: Doer): string {
  switch (doer.kind) {
    case "operator":
      return `the operator ${oneLine(doer.name)}`;
    case "command-line":
      return "an operator on the command line";
    case "key":
      return `the API key ${oneLine(doer.name)}`;
    case "program":
      return "a program";
    default:
      return doer satisfies never;
  }
}

/** By whom, and through which door. */
function doneBy({ type, door, by, ...program }: HistoryEvent): string {
  if (type === "callback") return "";
  if (door === "webhook" && program.caller !== undefined) {
    return `, by the system ${oneLine(program.caller)} (webhook)`;
  }
  const doer = doerOf(program);
  if (doer !== undefined) return `, by ${doerName(doer)}`;
  switch (door) {
    case "mail":
      return by === undefined ? ", by a link" : `, by the link of ${oneLine(by)}`;
    case "inbox":
      return ", in the inbox";
    case "api":
      return ", by a program";
    case "webhook":
      return ", by a webhook";
    default:
      return by === undefined ? "" : `, by ${oneLine(by)}`;
  }
}

function nameOf(person: Person | undefined): string {
  return person === undefined ? "somebody" : oneLine(person.name ?? person.email);
}

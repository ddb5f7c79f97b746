/** What operators can do about an approval, each through a form that says what it does. */
import { REASON_CHARS_MAX } from "../../../approval/act-requests.ts";
import { ACT_FIELDS, type ActField } from "../act-form.ts";

interface ActText {
  readonly headline: string;
  readonly lead: string;
  /** On the button. */
  readonly press: string;
  readonly fields: readonly ActField[];
}

const REASON: ActField = { name: "reason", kind: "lines", charsMax: REASON_CHARS_MAX, isRequired: false };

/** On one ballot. */
export const BALLOT_ACTS = {
  remind: {
    headline: "Remind",
    lead: "They get a mail that says that their answer is missing, with the same links. Each person gets at most one mail by hand an hour.",
    press: "Send the reminder",
    fields: [],
  },
  resend: {
    headline: "Send the links again",
    lead: "They get their links once more by mail. The links are the same, and those of earlier mails still work.",
    press: "Send the mail",
    fields: [],
  },
  renew: {
    headline: "Send new links",
    lead: "They get a mail with new links. The links of all earlier mails stop working at once: do this if a mail fell into other hands.",
    press: "Send new links",
    fields: [],
  },
  reassign: {
    headline: "Ask somebody else instead",
    lead: "The person whom you name is asked in their place. The links that they have stop working at once, and both get a mail.",
    press: "Ask the other person",
    fields: ACT_FIELDS.reassign,
  },
  recuse: {
    headline: "Take out of the approval",
    lead: "The approval then counts as if they had never been asked, and may end by that. Their links stop working at once.",
    press: "Take out",
    fields: [REASON],
  },
  undo: {
    headline: "Take the answer back",
    lead: "The answer no longer counts, and they are asked again by mail.",
    press: "Take the answer back",
    fields: [],
  },
} as const satisfies Readonly<Record<string, ActText>>;

/** On the whole approval; a change of the question has a form of its own. */
export const APPROVAL_ACTS = {
  extend: {
    headline: "Give more time",
    lead: "The deadline of the approval is moved to a later time. If the links that people have would end before, they get new ones by mail.",
    press: "Move the deadline",
    fields: [{ name: "deadline", kind: "line", charsMax: 40, isRequired: true }, REASON],
  },
  cancel: {
    headline: "Cancel the request",
    lead: "Nobody can answer it any more then. The people who are still asked get a mail that says so.",
    press: "Cancel it",
    fields: [REASON],
  },
  revoke: {
    headline: "Revoke the approval",
    lead: "No program can run the action any more. What has already been consumed stays consumed.",
    press: "Revoke it",
    fields: [REASON],
  },
  "ask-again": {
    headline: "Let the program ask again",
    lead: "People have refused this action in advance. From now on, the program can ask for it again.",
    press: "Let it ask again",
    fields: [REASON],
  },
} as const satisfies Readonly<Record<string, ActText>>;

export const ADMIN_ACTS = { ...BALLOT_ACTS, ...APPROVAL_ACTS };

export type BallotActName = keyof typeof BALLOT_ACTS;
export type ApprovalActName = keyof typeof APPROVAL_ACTS;
export type AdminAct = keyof typeof ADMIN_ACTS;

import type { InPlaceOf } from "../../approval/absence.ts";
import type {
  ApprovalRequest,
  Content,
  CountedDecision,
  Delivery,
  Door,
  OutcomeKind,
  Person,
  PlainChoice,
  Withdrawal,
} from "../../approval/approval.ts";
import type { Doer, Program } from "../../approval/doer.ts";
import type { Explanation } from "../../approval/evaluate/evaluation.ts";
import type { Used } from "../../approval/limits/use.ts";
import type { OnDeadline } from "../../approval/schema.ts";
import type { Why } from "../../approval/why.ts";
import type { Mailbox } from "../../lib/mail-address.ts";

/** Every mail that there is. Each kind says to whom it goes, and why. All times are in milliseconds since 1970. */
export type Mail =
  /** To an approver: the first time that they are asked on this ballot. */
  | ({ readonly kind: "request" } & AskMail)
  /** To an approver who has not answered. */
  | ({ readonly kind: "reminder" } & AskMail & {
        /** When it was due; tells the reminders of one ballot apart. */
        readonly dueAtMs: number;
        readonly explanation?: Explanation;
      })
  /** To somebody who is asked because others have not answered in time. */
  | ({ readonly kind: "escalated" } & AskMail)
  /** To the person whom somebody's question was handed to. */
  | ({ readonly kind: "reassigned" } & AskMail & {
        /** Who was asked before. */
        readonly from: Person;
        readonly reason?: string;
      })
  /** To an approver of an earlier round, who is asked again. */
  | ({ readonly kind: "next-round" } & AskMail & {
        /** What the round before asked. */
        readonly before: Content;
        /** What was changed, or why, in the requester's words. */
        readonly note?: string;
      })
  /** To an approver who has taken an answer back, and is asked again. */
  | ({ readonly kind: "undone" } & AskMail)
  /** To the person who was asked before the question was handed to somebody else. */
  | ({ readonly kind: "handed-on" } & BallotMail & { readonly to: Person; readonly reason?: string })
  /** To an approver who has not answered and need not any more. */
  | ({ readonly kind: "no-longer-needed" } & BallotMail & {
        readonly because: OutcomeKind | NonNullable<Withdrawal["because"]>;
        readonly atMs: number;
        /** What was said about it, such as the reason of a cancellation. */
        readonly reason?: string;
      })
  /** To an approver who has answered. */
  | ({
      readonly kind: "outcome";
      /** Where they take back what is not to be asked again. */
      readonly link?: string;
    } & BallotMail &
      Ended)
  /** To the requester: that these people were asked on their behalf, with the link to their page. */
  | ({ readonly kind: "requested"; readonly people: readonly Person[] } & RequesterMail)
  /** To the requester: how it ended. */
  | ({ readonly kind: "requester-outcome" } & RequesterMail & Ended)
  /** To the requester: somebody asks for changes. */
  | ({ readonly kind: "changes-requested" } & RequesterMail &
      Program & {
        /** Who asks for them. */
        readonly by: Person;
        /** How that came in. */
        readonly door?: Door;
        readonly comment?: string;
        /** The round that has ended, from 1, and how many there can be. */
        readonly round: number;
        readonly rounds: number;
        readonly deadlineAtMs: number;
      })
  /** To the requester: too few people are left for the approvals that the stage needs. */
  | ({ readonly kind: "out-of-reach" } & RequesterMail & {
        /** The stage's latest ballot. */
        readonly n: number;
        readonly explanation: Explanation;
        /** When the stage or the approval is over, whichever comes first. */
        readonly deadlineAtMs: number;
        /** Whether the question may be asked again, with changes. */
        readonly mayChange: boolean;
      })
  /** To an approver who granted a standing approval: that it is used. */
  | ({ readonly kind: "standing-used"; readonly link: string } & BallotMail & StandingUsed)
  /** The same to the requester. */
  | ({ readonly kind: "requester-standing-used" } & RequesterMail & StandingUsed)
  /** To the requester: these people's mails are refused for good. */
  | ({ readonly kind: "undeliverable" } & RequesterMail & {
        readonly people: readonly Person[];
        /** Numbers of their ballots. */
        readonly ballots: readonly number[];
      });

export type MailOf<K extends Mail["kind"]> = Extract<Mail, { readonly kind: K }>;

/** Mails about the way into the inbox, and to operators. They are about no approval, so they are none of the mails above. */
export type InboxMail = SignInMail | PasskeyMail | LogHeadMail;

/** To whom the operator names: the head of the log of events. */
export interface LogHeadMail {
  readonly kind: "log-head";
  readonly to: Person;
  /** The same for each try. */
  readonly name: string;
  /** The head as a signed note. */
  readonly note: string;
}

/** To a person for whom a passkey was added. */
export interface PasskeyMail {
  readonly kind: "passkey";
  readonly to: Person;
  /** Random name of the mail. */
  readonly name: string;
  /** The passkey's name, as the person who added it typed it. */
  readonly label: string;
  /** When it was added. */
  readonly atMs: number;
  /** The page on which it can be removed. */
  readonly link: string;
}

/** To a person who may have asked to sign in to their inbox. */
export interface SignInMail {
  readonly kind: "sign-in";
  readonly to: Person;
  /** Random name of the attempt. */
  readonly name: string;
  /** Six digits. */
  readonly code: string;
  /** Signed link under `PUBLIC_URL`. */
  readonly link: string;
  /** Until when code and link work. */
  readonly endsAtMs: number;
}

interface About {
  /** The approval's id. */
  readonly approval: string;
  /** Who has brought this mail about, in place of the people of the approval. */
  readonly doer?: Doer;
  /** With the content of the round that the mail is about. */
  readonly request: ApprovalRequest;
  /** Opaque id of the reader within the approval. */
  readonly recipient: string;
}

/** A mail to an approver about one ballot of theirs. */
export interface BallotMail extends About {
  readonly approver: Person;
  /** The ballot's number. */
  readonly n: number;
  readonly gen: number;
  /** The ballot's creation by the engine's clock, in milliseconds since 1970. */
  readonly bornAtMs: number;
  /** The address that the mail comes back to. Absent: the sender's. */
  readonly returnPath?: string;
  /** The person's first ballot in this approval, whose mail begins the thread. Absent: this one. */
  readonly first?: { readonly gen: number; readonly bornAtMs: number };
}

/** A mail that asks for a decision. */
export interface AskMail extends BallotMail {
  /** When the stage or the approval is over, whichever comes first. */
  readonly deadlineAtMs: number;
  /** What follows then. Absent in mails of earlier versions: what the request says. */
  readonly onDeadline?: OnDeadline;
  /** Signed links under `PUBLIC_URL`, by the value of the choice. */
  readonly links: Readonly<Record<string, string>>;
  /** Signed link that preselects no choice. */
  readonly viewLink?: string;
  /** Index of the ballot's stage. Absent: the first. */
  readonly stage?: number;
  /** Indexes of the stage's groups that the answer fills. Absent: the only one. */
  readonly groups?: readonly number[];
  /** From 1. Absent: the first. */
  readonly round?: number;
  /** Those who are away, and in whose place the approver is asked. */
  readonly inPlaceOf?: readonly InPlaceOf[];
  /** Given for a mail that is sent once more by hand, which must not be taken for a copy: when that was asked for. */
  readonly resentAtMs?: number;
}

/** A mail that asks for one of the choices that every request has unless it says otherwise. */
export interface RequestMail extends AskMail {
  readonly links: Readonly<Record<PlainChoice, string>>;
}

/** A mail to the person on whose behalf the approval was requested. */
interface RequesterMail extends About {
  readonly requester: Person;
  /** The approval's creation. */
  readonly bornAtMs: number;
  /** Signed link to the requester's own page. Absent in mails of earlier versions that are sent again. */
  readonly link?: string;
}

interface StandingUsed {
  /** `first`: there was no use before. `near`: four fifths of the uses, or of the total, are gone. */
  readonly told: "first" | "near";
  /** The number of the use. */
  readonly slot: number;
  /** What all uses came to with this one, and by when the last one must be. */
  readonly used: Used;
  readonly atMs: number;
  readonly untilMs: number;
}

interface Ended {
  readonly outcome: OutcomeKind;
  readonly atMs: number;
  /** The answers that count. */
  readonly decisions: readonly CountedDecision[];
  /** Why it ended so. Absent in mails of earlier versions. */
  readonly why?: Why;
  /** What was said about a cancellation. */
  readonly reason?: string;
}

/** A mail in parts, before it is encoded and sent: what `transport` takes. */
export interface ComposedMail {
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** With angle brackets. */
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The sender in the envelope. Absent: `from`. */
  readonly returnPath?: string;
}

/** Tells people by mail. */
export interface Send {
  /**
   * Sends one mail. A refusal of the mail system is a result, not an exception: `sent` means that the relay accepted the
   * mail, `undeliverable` that it never will, `deferred` that it is worth trying again later. Safe to call twice: both
   * mails have the same Message-ID.
   */
  send(mail: Mail): Promise<Delivery>;
}

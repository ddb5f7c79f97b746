/**
 * Mails that ask for nothing new: reminders, and what people are told of an approval's course. Each is a workflow of its own,
 * so that an approval never waits for a mail server because of one.
 *
 * A judgement orders them, and may run again after a crash. So the id of a notice follows from what it says and to whom,
 * and the same notice is ordered once.
 */
import type {
  Act,
  Content,
  CountedDecision,
  Delivery,
  Door,
  OutcomeKind,
  Person,
  Withdrawal,
} from "./approval.ts";
import type { Returned } from "./bounce.ts";
import type { Program } from "./doer.ts";
import type { Explanation } from "./evaluate/evaluation.ts";
import type { StagePlace } from "./next-deadline.ts";
import type { Why } from "./why.ts";

/** The function that sends a notice, as workers register it. */
export const NOTICE_FUNC = "approval_mail";
export const NOTICE_KIND = "notice";

/** How long it is tried to send a notice, in milliseconds. What it says is of no use much later. */
export const NOTICE_LIFE_MS = 3 * 24 * 3_600_000;

export interface Notice {
  readonly kind: "notice";
  /** Promise id of the approval. */
  readonly approval: string;
  /** When the approval began: another may have had its id before. Milliseconds since 1970, as all times here. */
  readonly startedAtMs: number;
  /** What replaced the request's content, as of this notice. */
  readonly content?: Content;
  readonly says: Says;
  /** Who ordered it by hand, if somebody did. */
  readonly order?: Act;
}

export type Says =
  /** To the approver of a ballot that is still open when the mail's turn comes. */
  | ({ readonly mail: "reminder"; readonly dueAtMs: number; readonly explanation: Explanation } & Asks)
  /** To the same, the links once more, because somebody asked for that. */
  | ({ readonly mail: "resend"; readonly atMs: number } & Asks)
  /** To the person who handed the ballot on, or whose ballot a program did. */
  | ({ readonly mail: "handed-on"; readonly to: Person; readonly reason?: string } & AboutBallot)
  /** To an approver who has not answered and need not any more. */
  | ({
      readonly mail: "no-longer-needed";
      readonly because: OutcomeKind | NonNullable<Withdrawal["because"]>;
      readonly atMs: number;
      readonly reason?: string;
    } & AboutBallot &
      CancelledBy)
  /** To an approver who answered. */
  | ({ readonly mail: "outcome" } & AboutBallot & Ended)
  /** To the requester. */
  | ({ readonly mail: "requester-outcome" } & Ended)
  | ({
      readonly mail: "changes-requested";
      readonly by: Person;
      /** How that came in. Absent in notices of earlier versions. */
      readonly door?: Door;
      readonly comment?: string;
      readonly round: number;
      readonly rounds: number;
      readonly deadlineAtMs: number;
    } & Program)
  | {
      readonly mail: "undeliverable";
      readonly n: number;
      readonly person: Person;
      /** Given if a relay had taken the mail, and it came back. */
      readonly bounce?: Returned;
    }
  /** To the requester: too few people are left for the approvals that the stage needs. */
  | {
      readonly mail: "out-of-reach";
      /** The stage's latest ballot: while nobody else is asked, it is told once. */
      readonly n: number;
      readonly explanation: Explanation;
      /** When the stage or the approval is over, whichever comes first. */
      readonly deadlineAtMs: number;
      /** Whether the question may be asked again, with changes. */
      readonly mayChange: boolean;
    }
  /** To the requester, at the start, where the request says so. */
  | { readonly mail: "requested" }
  /** To an approver who granted a standing approval. */
  | ({ readonly mail: "standing-used" } & AboutBallot & StandingUsed)
  /** To the requester of one. */
  | ({ readonly mail: "requester-standing-used" } & StandingUsed);

interface StandingUsed {
  /** The slot of the use. */
  readonly slot: number;
  /** `first`: there was none before. `near`: four fifths of the uses, or of the total, are gone. */
  readonly told: "first" | "near";
}

interface AboutBallot {
  /** The ballot's number. */
  readonly n: number;
  /** The number of the person's first ballot in this approval: its mail began their thread. */
  readonly first: number;
}

interface Asks extends AboutBallot {
  /** Promise id of the end that is open. */
  readonly end: string;
  /** The approval's deadline. */
  readonly deadlineAtMs: number;
  /** What the stage's own deadline follows from. Absent in notices of earlier versions. */
  readonly place?: StagePlace & { readonly sinceMs: number };
}

/** Who cancelled the approval in place of its people. */
interface CancelledBy extends Program {
  /** In notices of earlier versions, which named operators only. */
  readonly operator?: string;
}

interface Ended extends CancelledBy {
  readonly outcome: OutcomeKind;
  readonly atMs: number;
  readonly decisions: readonly CountedDecision[];
  /** Why it ended so. Absent in notices of earlier versions. */
  readonly why?: Why;
  /** What was said about a cancellation. */
  readonly reason?: string;
}

/** What tells a notice from all others of its approval. */
export function noticeKey({ approval, startedAtMs, says }: Notice): string {
  const { mail } = says;
  const n = "n" in says ? says.n : 0;
  const when = says.mail === "reminder" ? says.dueAtMs : says.mail === "resend" ? says.atMs : 0;
  const round = says.mail === "changes-requested" ? says.round : 0;
  const used = "slot" in says ? [says.slot, says.told] : [];
  return JSON.stringify([approval, startedAtMs, mail, n, when, round, ...used]);
}

/**
 * The same of a mail that somebody orders by hand.
 *
 * @param person the key of the person's address
 * @param nth of the mails by hand about this approval to this person, from 1
 */
export function byHandKey(
  { approval, startedAtMs }: Pick<Notice, "approval" | "startedAtMs">,
  person: string,
  nth: number,
): string {
  return JSON.stringify([approval, startedAtMs, "by-hand", person, nth]);
}

/** @param key a hash of the notice's key, in hexadecimal */
export function noticeId(approval: string, key: string): string {
  return `${approval.split(":", 1)[0] ?? approval}:${NOTICE_KIND}~${key}`;
}

/** How the workflow of a notice ended. */
export interface NoticeEnd {
  readonly kind: "notice-end";
  readonly delivery: Delivery;
  /** How often it was tried. */
  readonly attempts: number;
}

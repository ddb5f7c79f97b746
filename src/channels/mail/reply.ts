/**
 * What a mail server's reply is about. The first digit does not say it: 530 to a sender means that a login is missing,
 * 550 to a recipient may mean that we may not relay, and a full mailbox is emptied one day.
 *
 * A recipient or a mail is given up only for a reply about the recipient or the mail itself. With every other reply the
 * mail waits until the problem passes, or the operator mends it.
 */

/** What a reply answers. `content` is the end of the mail, after which the server has seen all of it. */
export type Stage = "greeting" | "EHLO" | "STARTTLS" | "AUTH" | "MAIL" | "RCPT" | "DATA" | "content";

export interface Reply {
  readonly stage: Stage;
  /** RFC 5321 §4.2. */
  readonly code: number;
  /** Everything that the server said, the code included. */
  readonly text: string;
}

/** What a reply that does not accept comes to. */
export type Meaning =
  /** This recipient or this mail will never be taken. */
  | "final"
  /** Not now, but that says nothing of other mails. */
  | "mail"
  /** Not now, and no other mail either. */
  | "server"
  /** The relay does not let us send: a login, a right or a setting is missing. */
  | "settings";

export function meaningOf(reply: Reply): Meaning {
  const { stage, code } = reply;
  const isAboutMail = stage === "RCPT" || stage === "DATA" || stage === "content";
  // 503, a command out of turn, says that the two sides lost each other: a new session begins from the start.
  if (code < 500 || code === 503) return isAboutMail && code !== 421 ? "mail" : "server";
  const detail = statusOf(reply)?.slice(2);
  if (detail !== undefined && detail !== "0.0") {
    if (isAboutMail && FINAL_DETAILS.has(detail)) return "final";
    // Only here is there a meaning for what RFC 3463 §3.5 knows as temporary: Exchange Online has no such mailbox.
    if (stage === "RCPT" && detail === "4.1") return "final";
    if (isAboutMail && detail.startsWith("6.")) return "final";
    if (OF_THE_MOMENT.test(detail)) return isAboutMail ? "mail" : "server";
    return "settings";
  }
  if (FINAL_CODES[stage]?.includes(code)) return "final";
  // "Exceeded storage allocation" (RFC 5321 §4.2.3): there may be room later.
  return isAboutMail && code === 552 ? "mail" : "settings";
}

/** `550 5.1.1`: the two codes, and nothing that the server put into words. */
export function codesOf(reply: Reply): string {
  const status = statusOf(reply);
  return status === undefined ? `${reply.code}` : `${reply.code} ${status}`;
}

/** RFC 2034: after the code; qmail writes it at the end, as `(#5.7.1)`. One that contradicts the code counts for none. */
function statusOf({ code, text }: Reply): string | undefined {
  const [, first, last] = STATUS.exec(text) ?? [];
  const status = first ?? last;
  return status?.startsWith(`${Math.floor(code / 100)}.`) ? status : undefined;
}

const STATUS = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})(?: |$)|\(#(\d\.\d{1,3}\.\d{1,3})\)\s*$/mu;

/** RFC 3463 §3.2 to §3.4, and 1.10 of RFC 7505: the mailbox is not there or takes nothing, or not this mail. */
const FINAL_DETAILS: ReadonlySet<string> = new Set([
  "1.1",
  "1.2",
  "1.3",
  "1.4",
  "1.6",
  "1.10",
  "2.0",
  "2.1",
  "2.3",
  "2.4",
  "3.4",
  "4.4",
]);

/**
 * Full mailboxes and disks, shut-downs, networks (RFC 3463 §3.3 to §3.5); and what Exchange Online says of daily and
 * hourly limits (5.1.90, 5.2.121, 5.2.122).
 */
const OF_THE_MOMENT = /^(?:1\.90|2\.2|2\.12[12]|3\.[12]|4\.\d+)$/u;

/** What codes mean where no status explains them: RFC 5321 §4.3.2, and 556 of RFC 7504. */
const FINAL_CODES: Partial<Record<Stage, readonly number[]>> = {
  RCPT: [550, 551, 553, 556],
  content: [550, 554],
};

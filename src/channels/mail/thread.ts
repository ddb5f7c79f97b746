/**
 * The Message-ID of each mail, and the thread that it belongs to (RFC 5322 §3.6.4).
 *
 * T1 A Message-ID follows from what the mail is about. So every copy of one mail carries the same, however often it is
 *    sent, and mail systems can drop duplicates. No other mail has it: an approval's id can be used again after its
 *    retention or in a new data folder, and then the ballot's birth makes the difference.
 * T2 All mails to one person about one approval are one thread. To an approver, they name the mail that first asked them.
 * T3 To the requester, they name a message that never was, because it is not known which mail will be their first. Mail
 *    programs put together what names the same.
 */
import { createHash } from "node:crypto";
import type { BallotMail, InboxMail, Mail } from "./message.ts";

export interface Thread {
  /** With angle brackets, as all here. */
  readonly messageId: string;
  /** What In-Reply-To and References name; undefined for the mail that begins the thread. */
  readonly root: string | undefined;
}

/** @param publicHost host of `PUBLIC_URL`; the right side of each id */
export function threadOf(mail: Mail, publicHost: string): Thread {
  const idOf = (...parts: readonly (string | number)[]) =>
    idFrom([mail.approval, mail.recipient, ...parts], publicHost);
  const messageId = idOf(...partsOf(mail));
  // The words keep the Message-IDs of mails that went out before and are sent again.
  const root = "requester" in mail ? idOf("thread", mail.bornAtMs) : idOf(...firstOf(mail));
  return { messageId, root: root === messageId ? undefined : root };
}

/** Each of these mails is a thread of its own. */
export function inboxMessageId({ kind, name }: InboxMail, publicHost: string): string {
  return idFrom([kind, name], publicHost);
}

function idFrom(parts: readonly (string | number)[], publicHost: string): string {
  return `<${createHash("sha256").update(parts.join("|")).digest("hex").slice(0, 32)}@${publicHost}>`;
}

function partsOf(mail: Mail): readonly (string | number)[] {
  switch (mail.kind) {
    case "request":
    case "escalated":
    case "reassigned":
    case "next-round":
    case "undone":
      return [
        ...ballotParts("request", mail),
        ...(mail.resentAtMs === undefined ? [] : ["resent", mail.resentAtMs]),
      ];
    case "reminder":
      return [...ballotParts(mail.kind, mail), mail.dueAtMs];
    case "handed-on":
    case "no-longer-needed":
    case "outcome":
      return ballotParts(mail.kind, mail);
    case "requested":
    case "requester-outcome":
      return [mail.kind, mail.bornAtMs];
    case "changes-requested":
      return [mail.kind, mail.bornAtMs, mail.round];
    case "out-of-reach":
      return [mail.kind, mail.bornAtMs, mail.n];
    case "undeliverable":
      return [mail.kind, mail.bornAtMs, ...mail.ballots];
    case "standing-used":
      return [...ballotParts(mail.kind, mail), mail.slot, mail.told];
    case "requester-standing-used":
      return [mail.kind, mail.bornAtMs, mail.slot, mail.told];
    default:
      return mail satisfies never;
  }
}

function firstOf({ gen, bornAtMs, first = { gen, bornAtMs } }: BallotMail): readonly (string | number)[] {
  return ["request", first.gen, first.bornAtMs];
}

/**
 * One ballot has one mail that asks, whatever the occasion. The number of a person's first ballot is not in it, because it
 * was not in the Message-IDs of mails that went out before and are sent again.
 */
function ballotParts(kind: string, { n, gen, bornAtMs, first }: BallotMail): readonly (string | number)[] {
  const isFirst = first === undefined || (first.gen === gen && first.bornAtMs === bornAtMs);
  return [kind, gen, bornAtMs, ...(isFirst ? [] : [n])];
}

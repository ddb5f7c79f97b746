import { createHash } from "node:crypto";
import type { ApprovalRequest, Person, PlainChoice } from "../../approval/approval.ts";
import type { Mailbox } from "../../lib/mail-address.ts";

/** Everything a mail that asks for a decision is made of. */
export interface RequestMail {
  /** The approval's id. */
  readonly approval: string;
  readonly request: ApprovalRequest;
  readonly approver: Person;
  /** The ballot's number. */
  readonly n: number;
  /** Opaque id of the approver within the approval. */
  readonly recipient: string;
  readonly gen: number;
  /** The ballot's creation by the engine's clock, in milliseconds since 1970. */
  readonly bornAtMs: number;
  readonly deadlineAtMs: number;
  /** Signed links under `PUBLIC_URL`. */
  readonly links: Readonly<Record<PlainChoice, string>>;
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
}

/**
 * The Message-ID that every copy of one mail carries, however often it is sent, so mail systems can drop duplicates, and
 * the headers show people that it is one mail. No other mail has it (RFC 5322 §3.6.4). An approval's id can be used again
 * after its retention or in a new data folder; then the ballot's birth makes the difference.
 */
export function messageId(
  mail: { approval: string; recipient: string; gen: number; bornAtMs: number },
  publicHost: string,
): string {
  // The word keeps the Message-IDs of mails that went out before and are sent again.
  const name = [mail.approval, mail.recipient, "request", mail.gen, mail.bornAtMs].join("|");
  return `<${createHash("sha256").update(name).digest("hex").slice(0, 32)}@${publicHost}>`;
}

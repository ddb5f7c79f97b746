/** The mail of a rehearsal: composed as the service composes it, and kept instead of sent. */
import type { Delivery } from "../../../src/approval/approval.ts";
import { createComposer } from "../../../src/channels/mail/compose.ts";
import type { Mail, Mailer } from "../../../src/channels/mail/mailer.ts";
import type { Mailbox } from "../../../src/lib/mail-address.ts";

/** What a mail is about. */
export type MailKind = Mail["kind"];

/** A mail as it would have gone out. */
export interface RehearsedMail {
  /** 1 for the first of the rehearsal. */
  readonly n: number;
  /** ISO 8601 instant. */
  readonly at: string;
  /** The address that it goes to. */
  readonly to: string;
  readonly kind: MailKind;
  readonly subject: string;
  readonly messageId: string;
  readonly text: string;
  readonly html: string;
}

export interface CollectingMailer extends Mailer {
  readonly mails: readonly RehearsedMail[];
}

const FROM: Mailbox = { name: "Countersign", address: "approvals@countersign.invalid" };

/** @param onMail gets each mail, with what it was made of */
export function collectMails(
  { publicUrl, now }: { readonly publicUrl: string; readonly now: () => number },
  onMail: (mail: RehearsedMail, source: Mail) => void,
): CollectingMailer {
  const composer = createComposer({ from: FROM, publicUrl });
  const mails: RehearsedMail[] = [];

  async function send(source: Mail): Promise<Delivery> {
    const { to, subject, messageId, text, html } = composer.compose(source, now());
    const mail: RehearsedMail = {
      n: mails.length + 1,
      at: new Date(now()).toISOString(),
      to: to.address,
      kind: source.kind,
      subject,
      messageId,
      text,
      html,
    };
    mails.push(mail);
    onMail(mail, source);
    return { status: "sent", messageId };
  }

  return {
    mails,
    send,
    requestDecision: (source) => send({ kind: "request", ...source }),
    async close() {},
  };
}

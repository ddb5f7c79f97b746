/** The mail of a rehearsal: composed as the service composes it, and kept instead of sent. */
import { createComposer } from "../../../src/channels/mail/compose.ts";
import type { Mail, Mailer } from "../../../src/channels/mail/mailer.ts";
import type { Mailbox } from "../../../src/lib/mail-address.ts";

/** What a mail is about. */
export type MailKind = Mail["kind"];

/** Whether a mail of this kind asks its reader for a decision, for the first time or again. */
const KINDS: Readonly<Record<MailKind, boolean>> = {
  request: true,
  reminder: false,
  escalated: true,
  reassigned: true,
  "next-round": true,
  undone: true,
  "handed-on": false,
  "no-longer-needed": false,
  outcome: false,
  requested: false,
  "requester-outcome": false,
  "changes-requested": false,
  "out-of-reach": false,
  undeliverable: false,
  "standing-used": false,
  "requester-standing-used": false,
};

export const MAIL_KINDS = Object.keys(KINDS) as MailKind[];

export function isAsking(kind: MailKind): boolean {
  return KINDS[kind];
}

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
  /** `In-Reply-To` and others. */
  readonly headers: Readonly<Record<string, string>>;
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
  const send: Mailer["send"] = async (source) => {
    const { to, subject, messageId, headers, text, html } = composer.compose(source);
    const mail: RehearsedMail = {
      n: mails.length + 1,
      at: new Date(now()).toISOString(),
      to: to.address,
      kind: source.kind,
      subject,
      messageId,
      headers,
      text,
      html,
    };
    mails.push(mail);
    onMail(mail, source);
    return { status: "sent", messageId };
  };
  return {
    mails,
    send,
    requestDecision: (mail) => send({ kind: "request", ...mail }),
    // Nobody asks for it in a rehearsal.
    inbox: async () => ({ status: "skipped" }),
    async close() {},
  };
}

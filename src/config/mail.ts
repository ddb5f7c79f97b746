/** Settings of outgoing mail: a relay, or the development mailbox. */
import * as read from "./read.ts";
import type { Secret } from "./secret.ts";

export type MailConfig =
  | { readonly kind: "smtp"; readonly url: Secret; readonly from: string }
  /** The development mailbox: its SMTP port on the loopback, and the address that mails come from. */
  | { readonly kind: "mailbox"; readonly port: number; readonly from: string };

export function mailConfig(source: read.Source): MailConfig {
  const url = read.smtpUrl(source, "SMTP_URL");
  const from = read.mailbox(source, "MAIL_FROM");
  const port = read.port(source, "MAILBOX_PORT", 1025);
  const isSet = {
    url: read.text(source, "SMTP_URL") !== undefined,
    from: read.text(source, "MAIL_FROM") !== undefined,
  };
  if (isSet.url !== isSet.from) {
    source.problems.push(
      `SMTP_URL and MAIL_FROM belong together: ${isSet.url ? "MAIL_FROM" : "SMTP_URL"} is not set`,
    );
  }
  if (url !== undefined && from !== undefined) return { kind: "smtp", url, from };
  return { kind: "mailbox", port, from: "Countersign <approvals@countersign.invalid>" };
}

import type { Delivery } from "../../src/approval/approval.ts";
import type { InboxMail, Mail, Mailer, RequestMail } from "../../src/channels/mail/mailer.ts";

/** A mailer for tests: hands each mail that asks to `request`, and takes every other mail as sent, after `tell`. */
export function mailerOf(
  request: (mail: RequestMail) => Promise<Delivery>,
  inbox: (mail: InboxMail) => Delivery = () => ({ status: "skipped" }),
  tell: (mail: Mail) => void = () => {},
): Mailer {
  return {
    requestDecision: request,
    inbox: async (mail) => inbox(mail),
    send: async (mail) => {
      if ("links" in mail) return await request(mail);
      tell(mail);
      return { status: "sent", messageId: `<${mail.kind}-${mail.recipient}@example.com>` };
    },
    close: async () => {},
  };
}

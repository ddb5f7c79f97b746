import type { Delivery } from "../../src/approval/approval.ts";
import type { Mailer, RequestMail } from "../../src/channels/mail/mailer.ts";

/** A mailer for tests: hands each mail that asks to `request`, and takes every other mail as sent. */
export function mailerOf(request: (mail: RequestMail) => Promise<Delivery>): Mailer {
  return {
    requestDecision: request,
    send: async (mail) =>
      "links" in mail
        ? await request(mail)
        : { status: "sent", messageId: `<${mail.kind}-${mail.recipient}@example.com>` },
    close: async () => {},
  };
}

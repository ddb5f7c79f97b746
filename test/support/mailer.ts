import type { Delivery } from "../../src/approval/approval.ts";
import type { Mailer, RequestMail, SignInMail } from "../../src/channels/mail/mailer.ts";

/** A mailer for tests: hands each mail that asks to `request`, and takes every other mail as sent. */
export function mailerOf(
  request: (mail: RequestMail) => Promise<Delivery>,
  signIn: (mail: SignInMail) => Delivery = () => ({ status: "skipped" }),
): Mailer {
  return {
    requestDecision: request,
    signIn: async (mail) => signIn(mail),
    send: async (mail) =>
      "links" in mail
        ? await request(mail)
        : { status: "sent", messageId: `<${mail.kind}-${mail.recipient}@example.com>` },
    close: async () => {},
  };
}

import {
  createMailer as create,
  type Mailer,
  type MailerOptions,
} from "../../../../src/channels/mail/mailer.ts";
import { seams } from "./seams.ts";

export * from "../../../../src/channels/mail/mailer.ts";

/** Where each mail would have led. */
const links = new Map<string, string>();

/** Without a relay, only keeps the link. */
export function createMailer(options: MailerOptions): Mailer {
  if (seams().smtpUrl !== undefined) return create(options);
  return {
    async requestDecision({ approval, links: { approve } }) {
      links.set(approval, approve);
      return { status: "sent", messageId: `<${approval}@countersign.invalid>` };
    },
    send: async ({ approval, kind }) => ({
      status: "sent",
      messageId: `<${kind}-${approval}@countersign.invalid>`,
    }),
    signIn: async () => ({ status: "skipped" }),
    close: async () => {},
  };
}

/** The path of the approval's link, once. */
export function takenLink(id: string): string {
  const link = links.get(id) ?? "";
  links.delete(id);
  return link.replace(/^https?:\/\/[^/]+/, "");
}

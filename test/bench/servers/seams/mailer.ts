import type { Delivery } from "../../../../src/approval/approval.ts";
import {
  createMailer as create,
  type Mail,
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
    requestDecision: async (mail) => keep({ kind: "request", ...mail }),
    send: async (mail) => keep(mail),
    inbox: async () => ({ status: "skipped" }),
    close: async () => {},
  };
}

function keep(mail: Mail): Delivery {
  if (mail.kind === "request") links.set(mail.approval, mail.links["approve"] ?? "");
  return { status: "sent", messageId: `<${mail.kind}-${mail.approval}@countersign.invalid>` };
}

/** The path of the approval's link, once. */
export function takenLink(id: string): string {
  const link = links.get(id) ?? "";
  links.delete(id);
  return link.replace(/^https?:\/\/[^/]+/, "");
}

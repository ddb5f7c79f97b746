import type { Messages } from "../../lib/messages.ts";
import type { MailContent } from "./content.ts";
import type { LogHeadMail } from "./message.ts";
import { ourLine, row } from "./rows.ts";

/** The signed head of the log, line by line as it is verified: mail programs may indent it, and break none of its lines. */
export function logHeadContent({ to, note }: LogHeadMail, messages: Messages): MailContent {
  const lines = note.trimEnd().split("\n");
  return {
    to,
    subject: messages.text("mail.subject.logHead"),
    lead: messages.text("mail.lead.logHead"),
    story: [messages.text("mail.logHead.keep")],
    rows: [row(messages, "label.logHead", ...lines.map((line) => ourLine(line)))],
    actions: [],
  };
}

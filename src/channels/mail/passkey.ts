import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import type { MailContent } from "./content.ts";
import type { PasskeyMail } from "./message.ts";
import { dateLines, row, theirLine } from "./rows.ts";
import { both } from "./shown.ts";

/** Tells a person that somebody who was signed in as them has added a passkey: mostly they did. */
export function passkeyContent({ to, label, atMs, link }: PasskeyMail, messages: Messages): MailContent {
  return {
    to,
    subject: messages.text("mail.subject.passkey"),
    lead: messages.text("mail.lead.passkey"),
    story: [messages.text("mail.passkey.yours"), messages.text("mail.passkey.warning")],
    rows: [
      row(messages, "label.passkey", theirLine(both(label))),
      row(messages, "label.added", ...dateLines(dateText(atMs, { ...to, locale: messages.locale }))),
    ],
    actions: [
      {
        label: messages.html("mail.passkey.link"),
        url: link,
        tone: "neutral",
        invitation: messages.text("mail.passkey.invitation"),
      },
    ],
  };
}

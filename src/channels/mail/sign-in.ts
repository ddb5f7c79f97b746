import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import type { MailContent } from "./content.ts";
import type { SignInMail } from "./message.ts";
import { dateLines, ourLine, row } from "./rows.ts";

/** The mail that a person signs in by. It has a code for the browser that asked, if that is not where mail is read. */
export function signInContent(mail: SignInMail, messages: Messages): MailContent {
  const { to, code, link, endsAtMs } = mail;
  const lead = messages.text("mail.lead.signIn");
  return {
    to,
    subject: messages.text("mail.subject.signIn"),
    lead,
    story: [messages.text("mail.signIn.how"), messages.text("mail.signIn.warning")],
    rows: [
      row(messages, "label.code", ourLine(code, "strong")),
      row(messages, "label.validUntil", ...dateLines(dateText(endsAtMs, { ...to, locale: messages.locale }))),
    ],
    actions: [
      {
        label: messages.html("mail.signIn.link"),
        url: link,
        tone: "neutral",
        invitation: messages.text("mail.signIn.invitation"),
      },
    ],
  };
}

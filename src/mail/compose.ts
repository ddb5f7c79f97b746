import { consequenceText, requirementText } from "../approval/wording.ts";
import { dateText } from "../lib/date-text.ts";
import type { Mailbox } from "../lib/mail-address.ts";
import { markdownForMail, withoutLinks } from "../lib/markdown.ts";
import { loadTemplates } from "../lib/templates.ts";
import { oneLine } from "../lib/text.ts";
import { type ComposedMail, messageId, type RequestMail } from "./message.ts";

export interface Composer {
  /** @throws when a link is not one of ours: such a mail must never leave. */
  requestDecision(mail: RequestMail): ComposedMail;
}

/**
 * Makes mails of data. Pure but for reading its templates once; no clock, so that a mail composed again is the same.
 * Text of callers is shown without any live link: the two decision links are the only ones in the mail.
 */
export function createComposer(site: { readonly from: Mailbox; readonly publicUrl: string }): Composer {
  const templates = loadTemplates("mail");
  const { hostname, host } = new URL(site.publicUrl);
  return {
    requestDecision(mail) {
      const purpose = mail.purpose ?? "request";
      const locals = requestLocals(mail, { ...site, host });
      return {
        from: site.from,
        to: { name: oneLine(mail.approver.name ?? ""), address: mail.approver.email },
        subject: `${SUBJECTS[purpose]}: ${oneLine(mail.request.title)}`,
        text: templates.text("mail/request", locals),
        html: templates.html("mail/request", locals).toString(),
        // A final dot, which URLs allow, is none of the name.
        messageId: messageId({ ...mail, purpose }, hostname.replace(/\.$/u, "")),
        headers: HEADERS,
      };
    },
  };
}

const SUBJECTS = { request: "Decision needed", reminder: "Reminder, decision needed" } as const;

/** RFC 3834, and its older cousin of Exchange: out-of-office notes help nobody here, and would quote the links. */
const HEADERS = { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply" } as const;

function requestLocals(mail: RequestMail, { publicUrl, host }: { publicUrl: string; host: string }) {
  const { request, approver, links } = mail;
  for (const link of [links.approve, links.reject]) {
    if (!link.startsWith(`${publicUrl}/`))
      throw new Error(`Cannot compose: a decision link is not under ${publicUrl}`);
  }
  const summary = request.summary ?? "";
  return {
    approval: mail.approval,
    title: line(request.title),
    requester: request.requester === undefined ? undefined : person(request.requester),
    approver: person(approver),
    deadline: dateText(mail.deadlineAtMs, approver),
    afterDeadline: AFTER_DEADLINE[request.onDeadline],
    requirement: requirementText(request),
    approveMeans: consequenceText("approve", request),
    rejectMeans: consequenceText("reject", request),
    summaryHtml: summary === "" ? undefined : markdownForMail(summary),
    summaryLines: summary === "" ? [] : withoutLinks(summary).split("\n"),
    details: request.details.map(({ label, value }) => ({ label: line(label), value: line(value) })),
    approveUrl: links.approve,
    rejectUrl: links.reject,
    host,
  };
}

const AFTER_DEADLINE = {
  expire: "After that the request expires.",
  reject: "After that the request counts as rejected.",
} as const;

function person({ name, email }: { readonly name?: string; readonly email: string }) {
  return { name: name === undefined ? undefined : line(name), email };
}

function line(text: string): string {
  return withoutLinks(oneLine(text));
}

import type { ApprovalRequest } from "../../approval/approval.ts";
import { afterDeadlineText, consequenceText, requirementText } from "../../approval/wording.ts";
import { dateText } from "../../lib/date-text.ts";
import type { Mailbox } from "../../lib/mail-address.ts";
import { messagesFor } from "../../lib/messages.ts";
import { loadTemplates } from "../../lib/templates.ts";
import { oneLine } from "../../lib/text.ts";
import { type ComposedMail, messageId, type RequestMail } from "./message.ts";
import { both, type ShownRequest, shownPerson, shownRequest } from "./shown.ts";

export interface Composer {
  /** @throws when a link is not one of ours: such a mail must never leave. */
  requestDecision(mail: RequestMail): ComposedMail;
}

/**
 * Composes mails. Pure, except that it reads its templates once. It uses no clock, so a mail that is composed again is
 * the same. Our only links are the ones that decide; `asker-text.ts` handles addresses in askers' texts.
 */
export function createComposer(site: { readonly from: Mailbox; readonly publicUrl: string }): Composer {
  const templates = loadTemplates("mail");
  const { publicUrl } = site;
  const { hostname, host } = new URL(publicUrl);
  const shownOf = oncePerRequest();
  return {
    requestDecision(mail) {
      const locals = requestLocals(mail, { shown: shownOf(mail.request), publicUrl, host });
      return {
        from: site.from,
        to: { name: oneLine(mail.approver.name ?? ""), address: mail.approver.email },
        subject: `Decision needed: ${oneLine(mail.request.title)}`,
        text: templates.text("mail/request", locals),
        html: templates.html("mail/request", locals).toString(),
        // A final dot, which URLs allow, is none of the name.
        messageId: messageId(mail, hostname.replace(/\.$/u, "")),
        headers: HEADERS,
      };
    },
  };
}

/** The mails to all approvers get the same request object, so its texts are rendered only once. */
function oncePerRequest(): (request: ApprovalRequest) => ShownRequest {
  const known = new WeakMap<ApprovalRequest, ShownRequest>();
  return (request) => {
    const shown = known.get(request) ?? shownRequest(request);
    known.set(request, shown);
    return shown;
  };
}

/** RFC 3834, and an older header of Exchange. Out-of-office notes are useless here, and would quote the links. */
const HEADERS = { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply" } as const;

function requestLocals(
  mail: RequestMail,
  { shown, publicUrl, host }: { shown: ShownRequest; publicUrl: string; host: string },
) {
  const { request, approver, links } = mail;
  for (const link of [links.approve, links.reject]) {
    if (!link.startsWith(`${publicUrl}/`))
      throw new Error(`Cannot compose: a decision link is not under ${publicUrl}`);
  }
  return {
    ...shown,
    approval: both(mail.approval),
    approver: shownPerson(approver),
    deadline: dateText(mail.deadlineAtMs, approver),
    afterDeadline: afterDeadlineText(request, messagesFor()),
    requirement: requirementText(request, messagesFor()),
    approveMeans: consequenceText("approve", request, messagesFor()),
    rejectMeans: consequenceText("reject", request, messagesFor()),
    approveUrl: links.approve,
    rejectUrl: links.reject,
    host: both(host),
  };
}

import type { ApprovalRequest, Person } from "../../approval/approval.ts";
import type { Mailbox } from "../../lib/mail-address.ts";
import { type Messages, type MessagesFor, messagesFor as ownMessages } from "../../lib/messages.ts";
import { type Locals, loadTemplates } from "../../lib/templates.ts";
import { oneLine } from "../../lib/text.ts";
import { asking } from "./ask.ts";
import { linklessText } from "./asker-text.ts";
import type { MailContent, Making } from "./content.ts";
import { logHeadContent } from "./log-head.ts";
import type { ComposedMail, InboxMail, Mail } from "./message.ts";
import { notice } from "./notice.ts";
import { passkeyContent } from "./passkey.ts";
import { ours } from "./rows.ts";
import { type Both, both, type ShownRequest, shownRequest } from "./shown.ts";
import { signInContent } from "./sign-in.ts";
import { inboxMessageId, threadOf } from "./thread.ts";

export interface Composer {
  /** @throws when a link is not one of ours: such a mail must never leave */
  compose(mail: Mail): ComposedMail;
  inbox(mail: InboxMail): ComposedMail;
}

export interface Site {
  readonly from: Mailbox;
  /** `PUBLIC_URL`, an origin. */
  readonly publicUrl: string;
  /** Default: the texts that come with Countersign. */
  readonly messagesFor?: MessagesFor | undefined;
  /** A header for mails with a return path of their own; `{tag}` in its value stands for the tag in that. Default: none. */
  readonly bounceHeader?: { readonly name: string; readonly value: string } | undefined;
}

/**
 * Composes mails. Pure, except that it reads its templates once. It uses no clock, so a mail that is sent again is the
 * same. And a time told from now, such as "in two days", would be wrong when the mail is read. `asker-text.ts` handles
 * addresses in askers' texts; all other links are ours.
 */
export function createComposer({ from, publicUrl, messagesFor = ownMessages, bounceHeader }: Site): Composer {
  const templates = loadTemplates("mail");
  const { hostname, host } = new URL(publicUrl);
  // A final dot, which URLs allow, is none of the name.
  const publicHost = hostname.replace(/\.$/u, "");
  const shownOf = oncePerRequest();

  function laidOut(content: MailContent, about: About, messages: Messages) {
    assertOurs(content, publicUrl);
    const locals = localsOf(content, about, { messages, host });
    return {
      from,
      to: { name: oneLine(content.to.name ?? ""), address: content.to.email },
      subject: content.subject,
      text: templates.text("mail/mail", locals),
      html: templates.html("mail/mail", locals).toString(),
    };
  }

  return {
    compose(mail) {
      const messages = messagesFor(readerOf(mail).locale);
      const making: Making = { messages, shownOf: () => shownOf(mail.request, messages) };
      const about = { title: both(mail.request.title), approval: both(mail.approval) };
      const { messageId, root } = threadOf(mail, publicHost);
      const returnPath = "returnPath" in mail ? mail.returnPath : undefined;
      return {
        ...laidOut(contentOf(mail, making), about, messages),
        messageId,
        headers: {
          ...HEADERS,
          ...(root === undefined ? {} : { "In-Reply-To": root, References: root }),
          ...(returnPath !== undefined && bounceHeader !== undefined
            ? { [bounceHeader.name]: bounceHeader.value.replace("{tag}", tagOf(returnPath)) }
            : {}),
        },
        ...(returnPath === undefined ? {} : { returnPath }),
      };
    },
    inbox(mail) {
      const messages = messagesFor(mail.to.locale);
      const title = mail.kind === "log-head" ? "mail.logHead.title" : "mail.signIn.title";
      const about = { title: ours(messages, title) };
      const content = inboxContent(mail, messages);
      return {
        ...laidOut(content, about, messages),
        messageId: inboxMessageId(mail, publicHost),
        headers: HEADERS,
      };
    },
  };
}

function inboxContent(mail: InboxMail, messages: Messages): MailContent {
  switch (mail.kind) {
    case "log-head":
      return logHeadContent(mail, messages);
    case "passkey":
      return passkeyContent(mail, messages);
    case "sign-in":
      return signInContent(mail, messages);
  }
}

function tagOf(returnPath: string): string {
  return returnPath.slice(returnPath.lastIndexOf("+") + 1, returnPath.indexOf("@"));
}

/** The top lines of a mail, and its approval at the bottom. */
interface About {
  readonly title: Both;
  /** Absent: the mail is about none, and no word of it is an asker's. */
  readonly approval?: Both;
}

/** The person whom a mail goes to. */
export function readerOf(mail: Mail): Person {
  return "requester" in mail ? mail.requester : mail.approver;
}

function contentOf(mail: Mail, making: Making): MailContent {
  switch (mail.kind) {
    case "request":
    case "reminder":
    case "escalated":
    case "reassigned":
    case "next-round":
    case "undone":
      return asking(mail, making);
    default:
      return notice(mail, making);
  }
}

/** The mails to all approvers get the same request object, so its texts are rendered once for each language. */
function oncePerRequest(): (request: ApprovalRequest, messages: Messages) => ShownRequest {
  const known = new WeakMap<ApprovalRequest, Map<string, ShownRequest>>();
  return (request, messages) => {
    const byLanguage = known.get(request) ?? new Map<string, ShownRequest>();
    const shown = byLanguage.get(messages.lang) ?? shownRequest(request, messages);
    known.set(request, byLanguage.set(messages.lang, shown));
    return shown;
  };
}

/** RFC 3834, and an older header of Exchange. Out-of-office notes are useless here, and would quote the links. */
const HEADERS = { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply" } as const;

function assertOurs({ actions, viewLink }: MailContent, publicUrl: string): void {
  const links = [...actions.map(({ url }) => url), ...(viewLink === undefined ? [] : [viewLink])];
  if (links.some((link) => !link.startsWith(`${publicUrl}/`))) {
    throw new Error(`Cannot compose: a decision link is not under ${publicUrl}`);
  }
}

function localsOf(
  content: MailContent,
  { title, approval }: About,
  { messages, host }: { readonly messages: Messages; readonly host: string },
): Locals {
  const { lead, namedLead = lead, preview, body, viewLink } = content;
  const isAsking = body !== undefined;
  return {
    lang: messages.lang,
    dir: messages.dir,
    start: messages.dir === "ltr" ? "left" : "right",
    lead,
    namedLead,
    preview,
    title,
    story: content.story,
    rows: content.rows,
    entries: content.entries,
    actions: content.actions.map((action) => ({ ...action, color: COLORS[action.tone] })),
    body,
    viewLink,
    viewLabel: ours(messages, "mail.view"),
    viewInvitation: messages.text("mail.text.view"),
    opens: isAsking
      ? { html: messages.html("mail.opens"), text: messages.text("mail.opensText") }
      : undefined,
    leftOut: body === undefined ? undefined : leftOutText(body, messages),
    readAll: ours(messages, "mail.leftOut.page"),
    privacy: content.actions.length > 0 ? ours(messages, "mail.private") : undefined,
    // Only what is about an approval has words that are not ours.
    bars: approval && messages.text("mail.text.bars"),
    sentBy: {
      html: messages.html("mail.sentBy", { host: linklessText(host) }),
      text: messages.text("mail.sentBy", { host }),
    },
    referenceLabel: ours(messages, "label.reference"),
    reference: approval,
    summaryLabel: ours(messages, "label.summary"),
    detailsLabel: ours(messages, "label.details"),
    actionLabel: ours(messages, "action.title"),
    argumentsLabel: ours(messages, "action.arguments"),
    jsonLabel: ours(messages, "action.json"),
  };
}

const COLORS = { approve: "#17663d", reject: "#a5281f", neutral: "#3d4754" } as const;

function leftOutText({ summary, detailsLeftOut: n }: ShownRequest, messages: Messages): string | undefined {
  const isCut = summary?.isWhole === false;
  if (n === 0) return isCut ? messages.text("mail.leftOut.summary") : undefined;
  return messages.text(isCut ? "mail.leftOut.both" : "mail.leftOut.details", { n });
}

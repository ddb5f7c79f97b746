import type { Messages } from "../../lib/messages.ts";
import type { ShellContent } from "../../lib/shell.ts";
import type { Locals } from "../../lib/templates.ts";
import { actContent } from "./act-content.ts";
import { adminContent } from "./admin/admin-content.ts";
import { changeContent } from "./change-content.ts";
import { decideContent } from "./decide-content.ts";
import { editContent } from "./edit-content.ts";
import { inboxContent } from "./inbox-content.ts";
import type { Visiting } from "./inbox-page.ts";
import { errorContent, notRecordedContent, refusedContent } from "./message-content.ts";
import type { Page, Standing } from "./page.ts";
import { refusalContent } from "./refusal-content.ts";
import { requestContent } from "./request-content.ts";
import { resultContent } from "./result-content.ts";
import { signInContent } from "./sign-in-content.ts";
import { standingContent } from "./standing-content.ts";
import type { Visit } from "./standing-text.ts";

/** A page as data: which template, what it prints, and what surrounds it. */
export interface PageContent {
  readonly template: string;
  readonly locals: Locals;
  readonly shell: Omit<ShellContent, "body">;
}

/**
 * Every field a template prints is picked by name; data of callers never passes through whole.
 *
 * @param messages gives the texts for the reader, whose locale may be known
 */
export function pageContent(
  page: Page,
  publicUrl: string,
  messages: (locale?: string) => Messages,
): PageContent {
  switch (page.view) {
    case "decide":
      return visited(decideContent(page.data, messages(page.data.approver.locale)), page.data.visitor);
    case "standing": {
      const { stands, approver, undo, tried, visitor, standingApproval, standingRefusal } = page.data;
      const more = { undo, tried, standingApproval, standingRefusal, session: visitor?.form };
      const visit = { asked: page.data, stands, press: "view", ...more } as const;
      return visited(resultContent(visit, messages(approver.locale)), visitor);
    }
    case "receipt": {
      const { stands, approver, pressed, effective, signed, undo, tried, visitor } = page.data;
      const press = pressOf(stands, effective);
      const visit = { asked: page.data, stands, press, pressed, signed, undo, tried, session: visitor?.form };
      return visited(resultContent(visit, messages(approver.locale)), visitor);
    }
    case "act":
      return visited(actContent(page.data, messages(page.data.reader.locale)), page.data.visitor);
    case "edit":
      return visited(editContent(page.data, messages(page.data.reader.locale)), page.data.visitor);
    case "request":
      return visited(requestContent(page.data, messages(page.data.requester.locale)), page.data.visitor);
    case "change":
      return visited(changeContent(page.data, messages(page.data.requester.locale)), page.data.visitor);
    case "standingApproval":
      return visited(standingContent(page.data, messages(page.data.reader.locale)), page.data.visitor);
    case "standingRefusal":
      return visited(refusalContent(page.data, messages(page.data.reader.locale)), page.data.visitor);
    case "refused":
      return refusedContent(messages());
    case "notRecorded":
      return notRecordedContent(messages());
    case "error":
      return errorContent(page.data);
    case "home":
      return {
        template: "pages/home",
        locals: { ...page.data, example: exampleCall(publicUrl) },
        shell: { title: "Decisions by mail", footer: "Countersign, a durable approval service." },
      };
    case "inbox":
    case "inboxConfirm":
    case "inboxResults":
    case "absence":
    case "passkeys":
      return inboxContent(page, messages());
    case "adminSignIn":
    case "adminSignedOut":
    case "adminList":
    case "adminApproval":
    case "adminOverview":
    case "adminCallbacks":
    case "adminAct":
    case "adminChange":
      return adminContent(page, messages("en"));
    default:
      return signInContent(page, messages());
  }
}

/** For a reader who is signed in, the name at the top leads back to their inbox. */
function visited(content: PageContent, visitor: Visiting | undefined): PageContent {
  if (visitor === undefined) return content;
  return { ...content, shell: { ...content.shell, note: visitor.email, homeHref: "/inbox" } };
}

/** An answer that counted and was taken back came not too late. */
function pressOf(stands: Standing, effective: boolean): Visit["press"] {
  if (stands.kind === "closed") return effective ? "view" : "late";
  return effective ? "effective" : "late";
}

function exampleCall(publicUrl: string): string {
  return [
    `curl ${publicUrl}/approvals \\`,
    `  -H 'content-type: application/json' -d '{`,
    `  "title": "Order 40 laptops",`,
    `  "summary": "The old ones are **five years** old.",`,
    `  "approvers": ["you@example.com"]`,
    `}'`,
  ].join("\n");
}

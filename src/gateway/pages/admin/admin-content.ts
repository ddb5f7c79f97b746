import type { Messages } from "../../../lib/messages.ts";
import type { PageContent } from "../page-content.ts";
import { actContent, adminChangeContent } from "./act-content.ts";
import type { AdminPage } from "./admin-page.ts";
import { approvalContent } from "./approval-content.ts";
import { entryContent, signedOutContent } from "./entry-content.ts";
import { listContent } from "./list-content.ts";
import { failedCallbacksContent, overviewContent } from "./overview-content.ts";

/** @param messages the English texts: what people read in their own language is read here in English */
export function adminContent(page: AdminPage, messages: Messages): PageContent {
  switch (page.view) {
    case "adminSignIn":
      return entryContent(page.data);
    case "adminSignedOut":
      return signedOutContent(messages);
    case "adminList":
      return listContent(page.data);
    case "adminApproval":
      return approvalContent(page.data, messages);
    case "adminOverview":
      return overviewContent(page.data);
    case "adminCallbacks":
      return failedCallbacksContent(page.data);
    case "adminAct":
      return actContent(page.data, messages);
    case "adminChange":
      return adminChangeContent(page.data, messages);
    default:
      return page satisfies never;
  }
}

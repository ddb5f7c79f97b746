import { doNotAskText, scopeTexts } from "../../approval/refusal/words.ts";
import type { Messages } from "../../lib/messages.ts";
import type { PageContent } from "./page-content.ts";
import { revokeContent } from "./revoke-content.ts";
import type { RefusalPage } from "./revoke-pages.ts";

/** What is not to be asked again, and the form that takes that back. */
export function refusalContent(page: RefusalPage, messages: Messages): PageContent {
  const { reader, refusal, revoked, isTheirs, nowMs } = page;
  const isOver = nowMs >= refusal.untilMs;
  const state = revoked !== undefined ? "refusal.revoked" : isOver ? "refusal.over" : "refusal.holds";
  const locals = {
    state: messages.text(state),
    scopes: scopeTexts(refusal.actions),
    said: refusal.said.map(({ email, doNotAsk }) => ({
      email,
      ...doNotAskText(doNotAsk, messages, reader),
    })),
    canRevoke: isTheirs && revoked === undefined && !isOver,
  };
  const { approval: reference, untilMs } = refusal;
  const headline = messages.text("refusal.title");
  const own = {
    template: "pages/refusal",
    headline,
    reference,
    untilMs,
    revoked,
    late: messages.text("refusal.over"),
    locals,
  };
  return revokeContent(page, own, messages);
}

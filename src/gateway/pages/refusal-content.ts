import { doerOf } from "../../approval/doer.ts";
import { doNotAskText, scopeTexts } from "../../approval/refusal/words.ts";
import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import { fieldControl, problemText } from "./act-controls.ts";
import { ACT_FIELDS } from "./act-form.ts";
import { DECISION_FORM } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import type { RefusalPage } from "./revoke-pages.ts";
import { doerText } from "./standing-text.ts";

/** What is not to be asked again, and the form that takes that back. */
export function refusalContent(page: RefusalPage, messages: Messages): PageContent {
  const { reader, title, back, refusal, revoked, isTheirs, form, nowMs, visitor } = page;
  const { values, faults, press } = form;
  const dateOf = (atMs: number) => dateText(atMs, { ...reader, locale: messages.locale });
  const headline = messages.text("refusal.title");
  const isOver = nowMs >= refusal.untilMs;
  const doer = revoked && doerOf(revoked.revocation);
  const words = {
    values,
    faults,
    label: messages.text("label.reason"),
    hint: messages.text("act.revoke.reason"),
  };
  return {
    template: "pages/refusal",
    locals: {
      text: messages.text,
      headline,
      title,
      reference: refusal.approval,
      state: messages.text(
        revoked !== undefined ? "refusal.revoked" : isOver ? "refusal.over" : "refusal.holds",
      ),
      problem: problemText(faults, undefined, messages),
      scopes: scopeTexts(refusal.actions),
      until: dateOf(refusal.untilMs),
      said: refusal.said.map(({ email, doNotAsk }) => ({
        email,
        ...doNotAskText(doNotAsk, messages, reader),
      })),
      revoked: revoked && {
        at: dateOf(revoked.atMs),
        by: doer === undefined ? revoked.revocation.by : doerText(doer, messages),
        reason: revoked.revocation.reason,
      },
      canRevoke: isTheirs && revoked === undefined && !isOver,
      fields: ACT_FIELDS.revoke.map((field) => fieldControl(field, words, messages)),
      back: { href: back, text: messages.text("act.back") },
      form: DECISION_FORM,
      nonce: press,
      session: visitor?.form,
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: `${headline} – ${title}`,
      note: messages.text("page.decisionRequest"),
      footer: messages.text("page.footer"),
    },
  };
}

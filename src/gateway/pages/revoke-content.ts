import { doerOf } from "../../approval/doer.ts";
import type { Revocation } from "../../approval/use.ts";
import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { fieldControl, problemText } from "./act-controls.ts";
import { ACT_FIELDS } from "./act-form.ts";
import { DECISION_FORM } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import type { RevokePage } from "./revoke-pages.ts";
import { doerText } from "./standing-text.ts";

/** What is said of one of these pages besides what all of them say. */
interface Own {
  readonly template: string;
  readonly headline: string;
  /** The approval's id. */
  readonly reference: string;
  readonly untilMs: number;
  readonly revoked: { readonly revocation: Revocation; readonly atMs: number } | undefined;
  /** Why a press that came too late did nothing. */
  readonly late: string;
  readonly locals: Locals;
}

/** Until when something stands, who has revoked it, the form that does so, and the way back. */
export function revokeContent(
  { reader, title, back, form, isLate, visitor }: RevokePage,
  { template, headline, reference, untilMs, revoked, late, locals }: Own,
  messages: Messages,
): PageContent {
  const { values, faults, press } = form;
  const dateOf = (atMs: number) => dateText(atMs, { ...reader, locale: messages.locale });
  const doer = revoked && doerOf(revoked.revocation);
  const words = {
    values,
    faults,
    label: messages.text("label.reason"),
    hint: messages.text("act.revoke.reason"),
  };
  return {
    template,
    locals: {
      ...locals,
      text: messages.text,
      headline,
      title,
      reference,
      problem: isLate ? late : problemText(faults, undefined, messages),
      until: dateOf(untilMs),
      revoked: revoked && {
        at: dateOf(revoked.atMs),
        by: doer === undefined ? revoked.revocation.by : doerText(doer, messages),
        reason: revoked.revocation.reason,
      },
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

import { argumentRows } from "../../approval/argument-rows.ts";
import { doerOf } from "../../approval/doer.ts";
import { limitRows, usedTexts } from "../../approval/limits/words.ts";
import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import { fieldControl, problemText } from "./act-controls.ts";
import { ACT_FIELDS } from "./act-form.ts";
import { DECISION_FORM } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import type { StandingPage } from "./revoke-pages.ts";
import { doerText } from "./standing-text.ts";

/** What became of a standing approval, and the form that revokes it. */
export function standingContent(page: StandingPage, messages: Messages): PageContent {
  const { reader, title, back, granted, uses, form, isLate, visitor } = page;
  const { values, faults, press } = form;
  const { action, standing, untilMs } = granted;
  const { last, revoked } = uses;
  const dateOf = (atMs: number) => dateText(atMs, { ...reader, locale: messages.locale });
  const headline = messages.text("standing.title");
  const state = messages.text(stateOf(page));
  const doer = revoked && doerOf(revoked.revocation);
  return {
    template: "pages/standing",
    locals: {
      text: messages.text,
      headline,
      title,
      reference: granted.approval,
      state,
      problem: isLate ? messages.text("act.late.revoke") : problemText(faults, undefined, messages),
      tool: action.tool,
      used: usedTexts(standing, uses.used, messages),
      lastAt: last && dateOf(last.atMs),
      lastArguments: last === undefined ? [] : argumentRows(argumentsOf(last.use.arguments)),
      until: dateOf(untilMs),
      limits: limitRows(standing, messages),
      revoked: revoked && {
        at: dateOf(revoked.atMs),
        by: doer === undefined ? revoked.revocation.by : doerText(doer, messages),
        reason: revoked.revocation.reason,
      },
      canRevoke: canRevoke(page),
      fields: ACT_FIELDS.revoke.map((field) =>
        fieldControl(
          field,
          {
            values,
            faults,
            label: messages.text("label.reason"),
            hint: messages.text("act.revoke.reason"),
          },
          messages,
        ),
      ),
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

/** Also where it is used up: then nobody needs to look whether that stays so. */
function canRevoke({ uses, granted, nowMs }: StandingPage): boolean {
  return uses.revoked === undefined && nowMs < granted.untilMs;
}

function stateOf({ uses, granted, nowMs }: StandingPage) {
  if (uses.revoked !== undefined) return "standing.revoked";
  if (nowMs >= granted.untilMs) return "standing.over";
  return uses.used.uses >= granted.standing.uses ? "standing.usedUp" : "standing.can";
}

function argumentsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

import type { Person } from "../../approval/approval.ts";
import { DAY_MS, parseDuration } from "../../approval/duration.ts";
import type { Messages } from "../../lib/messages.ts";
import { oneLine } from "../../lib/text.ts";
import { fieldControl, problemText } from "./act-controls.ts";
import { ACT_FIELDS, type ActField } from "./act-form.ts";
import { type ActPage, DECISION_FORM } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import { OUTCOMES } from "./standing-text.ts";

/** The form of one act, with what it does, before anything is done. */
export function actContent(
  { act, title, reference, back, values, faults, press: nonce, refused, outcome, instead, visitor }: ActPage,
  messages: Messages,
): PageContent {
  const { headline, press } = TEXTS[act];
  const problem = problemText(faults, refused, messages);
  const headlineText = messages.text(headline);
  const isRequesters = act === "cancel" || act === "extend" || act === "replace";
  return {
    template: "pages/act",
    locals: {
      text: messages.text,
      headline: headlineText,
      title,
      reference,
      lead:
        act === "replace"
          ? messages.text("act.replace.lead", { who: nameOf(instead) })
          : messages.text(TEXTS[act].lead),
      // What the act alone would come to: nobody should learn that only afterwards.
      outcome: outcome && messages.text("act.outcome", { outcome: messages.text(OUTCOMES[outcome]) }),
      problem,
      fields: ACT_FIELDS[act].map((field: ActFieldOf) =>
        fieldControl(
          field,
          {
            values,
            faults,
            label: messages.text(LABELS[field.name]),
            hint: field.name === "reason" ? messages.text(REASON_HINTS[act]) : undefined,
            options: optionsOf(field.options ?? [], messages),
          },
          messages,
        ),
      ),
      press: messages.text(press),
      back: { href: back, text: messages.text("act.back") },
      form: DECISION_FORM,
      nonce,
      hidden: [],
      session: visitor?.form,
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title:
        problem === undefined ? `${headlineText} – ${title}` : `${messages.text("act.notDone")} ${title}`,
      note: messages.text(isRequesters ? "request.mast" : "page.decisionRequest"),
      footer: messages.text(isRequesters ? "request.footer" : "page.footer"),
    },
  };
}

const TEXTS = {
  reassign: { headline: "act.reassign", lead: "act.reassign.lead", press: "act.reassign.press" },
  replace: { headline: "act.reassign", press: "act.replace.press" },
  recuse: { headline: "act.recuse", lead: "act.recuse.lead", press: "act.recuse.press" },
  cancel: { headline: "act.cancel", lead: "act.cancel.lead", press: "act.cancel.press" },
  extend: { headline: "act.extend", lead: "act.extend.lead", press: "act.extend.press" },
} as const;

type ActFieldOf = (typeof ACT_FIELDS)[ActPage["act"]][number] & ActField;

const LABELS = {
  email: "act.label.email",
  name: "act.label.name",
  reason: "label.reason",
  more: "act.label.more",
} as const;

const REASON_HINTS = {
  replace: "act.reassign.reason",
  reassign: "act.reassign.reason",
  recuse: "act.recuse.reason",
  cancel: "act.cancel.reason",
  extend: "act.cancel.reason",
} as const;

function nameOf(person: Person | undefined): string {
  return oneLine(person?.name ?? person?.email ?? "");
}

/** How much longer, in days. */
function optionsOf(options: readonly string[], messages: Messages) {
  const days = new Intl.NumberFormat(messages.locale, { style: "unit", unit: "day", unitDisplay: "long" });
  return options.map((value) => ({
    value,
    text: days.format((parseDuration(value) ?? 0) / DAY_MS),
  }));
}

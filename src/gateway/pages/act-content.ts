import type { FieldFault } from "../../approval/field-answers.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import type { Refusal } from "../../service/approvals/act.ts";
import { ACT_FIELDS, type ActField } from "./act-form.ts";
import { faultText } from "./field-controls.ts";
import { type ActPage, DECISION_FORM } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import { OUTCOMES } from "./standing-text.ts";

/** The form of one act, with what it does, before anything is done. */
export function actContent(
  { act, title, reference, back, values, faults, refused, outcome }: ActPage,
  messages: Messages,
): PageContent {
  const { headline, lead, press } = TEXTS[act];
  const problem = problemText(faults, refused, messages);
  const headlineText = messages.text(headline);
  return {
    template: "pages/act",
    locals: {
      text: messages.text,
      headline: headlineText,
      title,
      reference,
      lead: messages.text(lead),
      // What the act alone would come to: nobody should learn that only afterwards.
      outcome: outcome && messages.text("act.outcome", { outcome: messages.text(OUTCOMES[outcome]) }),
      problem,
      fields: ACT_FIELDS[act].map((field) => control(field, { act, values, faults }, messages)),
      press: messages.text(press),
      back: { href: back, text: messages.text("act.back") },
      form: DECISION_FORM,
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title:
        problem === undefined ? `${headlineText} – ${title}` : `${messages.text("act.notDone")} ${title}`,
      note: messages.text("page.decisionRequest"),
      footer: messages.text("page.footer"),
    },
  };
}

const TEXTS = {
  reassign: { headline: "act.reassign", lead: "act.reassign.lead", press: "act.reassign.press" },
  recuse: { headline: "act.recuse", lead: "act.recuse.lead", press: "act.recuse.press" },
} as const;

const LABELS = {
  email: "act.label.email",
  name: "act.label.name",
  reason: "label.reason",
} as const;

const REASON_HINTS = { reassign: "act.reassign.reason", recuse: "act.recuse.reason" } as const;

function control(
  { name, kind, charsMax, isRequired }: (typeof ACT_FIELDS)[ActPage["act"]][number] & ActField,
  { act, values, faults }: Pick<ActPage, "act" | "values" | "faults">,
  messages: Messages,
): Locals {
  const fault = faults.get(name);
  return {
    id: `act-${name}`,
    name,
    label: messages.text(LABELS[name]),
    hint: name === "reason" ? messages.text(REASON_HINTS[act]) : undefined,
    need: isRequired ? "" : messages.text("page.field.optional"),
    // Not `required`: a browser would say so in its own language, and differently each.
    required: false,
    problem: fault && actFaultText(fault, messages),
    focus: fault !== undefined && [...faults.keys()][0] === name,
    value: values.get(name) ?? "",
    control: kind === "lines" ? "textarea" : "input",
    type: kind === "email" ? "email" : "text",
    maxLength: charsMax,
  };
}

function actFaultText(fault: FieldFault, messages: Messages): string {
  return fault.kind === "required" ? messages.text("act.required") : faultText(fault, messages);
}

function problemText(
  faults: ReadonlyMap<string, FieldFault>,
  refused: Refusal | undefined,
  messages: Messages,
): string | undefined {
  if (refused !== undefined) return messages.text(REFUSALS[refused]);
  return faults.size > 0 ? messages.text("page.problem.fields") : undefined;
}

/** Why something cannot be done, for the person who tried. */
const REFUSALS = {
  version: "act.refused.never",
  "not-theirs": "act.refused.never",
  "no-undo": "act.refused.never",
  "undo-over": "act.refused.ended",
  ended: "act.refused.ended",
  "under-way": "act.refused.underWay",
  "too-often": "act.refused.tooOften",
  "too-soon": "act.refused.tooSoon",
  "to-requester": "act.refused.toRequester",
  "to-same": "act.refused.toSame",
  "to-member": "act.refused.toMember",
  "deadline-earlier": "act.refused.deadline",
  "deadline-too-late": "act.refused.deadline",
  "no-rounds": "act.refused.noRounds",
} as const satisfies Record<Refusal, unknown>;

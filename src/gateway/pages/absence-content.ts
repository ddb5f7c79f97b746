import type { Absence } from "../../approval/absence-entry.ts";
import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { ABSENCE_FIELDS, type AbsenceField } from "./absence-form.ts";
import { fieldControl } from "./act-controls.ts";
import type { ActField } from "./act-form.ts";
import type { AbsencePage, AbsenceProblem } from "./inbox-page.ts";
import { absenceHref } from "./inbox-paths.ts";
import { DECISION_FORM } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import { personOf } from "./people.ts";

/** When somebody is away, who is asked then, and for whom they are asked themselves. */
export function absenceContent(
  { visitor, person, own, others, values, faults, press, problem }: AbsencePage,
  messages: Messages,
): PageContent {
  const shown = (rule: Absence, of: "person" | "to"): Locals => ({
    person: personOf(rule[of]),
    span: messages.text("absence.span", {
      from: dateText(rule.fromMs, { ...person, locale: messages.locale }).local,
      until: dateText(rule.untilMs, { ...person, locale: messages.locale }).local,
    }),
    note: rule.note,
    remove: `${absenceHref(rule.id)}/remove`,
  });
  return {
    template: "pages/absences",
    locals: {
      text: messages.text,
      own: own.map((rule) => shown(rule, "to")),
      others: others.map((rule) => shown(rule, "person")),
      problem: problem === undefined ? undefined : messages.text(PROBLEMS[problem]),
      fields: ABSENCE_FIELDS.map((field: ActField & { readonly name: AbsenceField }) =>
        fieldControl(
          field,
          {
            values: withZone(values, person.timeZone),
            faults,
            label: messages.text(LABELS[field.name]),
            hint: hintOf(field.name, messages),
            options: (field.options ?? []).map((value) => ({ value, text: value.replaceAll("_", " ") })),
          },
          messages,
        ),
      ),
      form: DECISION_FORM,
      nonce: press,
      session: visitor.form,
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: messages.text("absence.title"),
      note: visitor.email,
      homeHref: "/inbox",
      footer: messages.text("inbox.footer"),
    },
  };
}

/** Until they choose one, the zone that approvals know of them. */
function withZone(values: ReadonlyMap<string, string>, timeZone = "UTC"): ReadonlyMap<string, string> {
  return new Map([["timeZone", timeZone], ...values]);
}

function hintOf(name: AbsenceField, messages: Messages): string | undefined {
  if (name === "from") return messages.text("absence.from.hint");
  if (name === "until") return messages.text("absence.until.hint");
  return name === "note" ? messages.text("absence.note.hint") : undefined;
}

const LABELS = {
  to: "absence.to",
  name: "act.label.name",
  from: "absence.from",
  until: "absence.until",
  timeZone: "absence.timeZone",
  note: "label.note",
} as const satisfies Record<AbsenceField, unknown>;

const PROBLEMS = {
  to: "absence.problem.to",
  from: "absence.problem.from",
  until: "absence.problem.until",
  person: "absence.problem.many",
  busy: "absence.problem.busy",
} as const satisfies Record<AbsenceProblem, unknown>;

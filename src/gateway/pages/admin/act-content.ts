import type { Messages } from "../../../lib/messages.ts";
import { fieldControl, problemText } from "../act-controls.ts";
import { changeContent } from "../change-content.ts";
import { DECISION_FORM } from "../page.ts";
import type { PageContent } from "../page-content.ts";
import { ADMIN_ACTS } from "./admin-acts.ts";
import { ADMIN_FORM, type AdminPage, adminApprovalHref } from "./admin-page.ts";
import { adminShell } from "./admin-shell.ts";

type Data<View extends AdminPage["view"]> = Extract<AdminPage, { view: View; data: unknown }>["data"];

/** The form of one act, with what it does. */
export function actContent(data: Data<"adminAct">, messages: Messages): PageContent {
  const { operator, act, title, reference, person, values, faults } = data;
  const { headline, lead, press, fields } = ADMIN_ACTS[act];
  const problem = data.problem ?? problemText(faults, undefined, messages);
  const named = person === undefined ? headline : `${headline}: ${person}`;
  return {
    template: "pages/act",
    locals: {
      text: messages.text,
      headline: named,
      title,
      reference,
      lead,
      outcome: undefined,
      problem,
      fields: fields.map((field) =>
        fieldControl(
          field,
          { values, faults, label: LABELS[field.name] ?? field.name, hint: HINTS[field.name] },
          messages,
        ),
      ),
      press,
      back: { href: adminApprovalHref(reference), text: "Back to the approval" },
      form: DECISION_FORM,
      nonce: data.press,
      hidden: hiddenOf(data),
    },
    shell: {
      ...adminShell(
        operator,
        problem === undefined ? `${named} – ${title}` : `Not done: ${named} – ${title}`,
      ),
      width: "narrow",
    },
  };
}

/** The form by which the question is changed, as the person who asked has it. */
export function adminChangeContent(data: Data<"adminChange">, messages: Messages): PageContent {
  const { problem, operator } = data;
  const { template, locals, shell } = changeContent(data, messages);
  return {
    template,
    locals: {
      ...locals,
      ...(problem === undefined ? {} : { problem }),
      back: { href: adminApprovalHref(data.reference), text: "Back to the approval" },
      hidden: hiddenOf(data),
    },
    shell: { ...adminShell(operator, shell.title), width: "narrow" },
  };
}

function hiddenOf({ operator }: Pick<Data<"adminAct">, "operator">) {
  return [{ name: ADMIN_FORM.form, value: operator.form }];
}

const LABELS: Readonly<Record<string, string>> = {
  email: "Mail address of the person who is asked instead",
  name: "Their name",
  reason: "Reason",
  deadline: "New deadline",
};

const HINTS: Readonly<Record<string, string>> = {
  reason: "Shown to those concerned.",
  deadline: "A duration from now, such as P3D, or an instant such as 2026-12-24T12:00:00Z.",
};

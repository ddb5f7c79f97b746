import { ACTION_LIMITS } from "../../approval/action-schema.ts";
import type { Messages } from "../../lib/messages.ts";
import { fieldControl, problemText } from "./act-controls.ts";
import { type EditRow, NOTE_FIELD } from "./edit-form.ts";
import { DECISION_FORM, type EditPage } from "./page.ts";
import type { PageContent } from "./page-content.ts";

/** A text that fits into one line of the form. */
const LINE_CHARS_MAX = 60;

/** The form by which an approver changes arguments, before anything is done. */
export function editContent(page: EditPage, messages: Messages): PageContent {
  const { title, reference, back, press, rows, values, faults, wrong, refused, visitor } = page;
  const problem =
    wrong.size > 0 ? messages.text("page.problem.fields") : problemText(faults, refused, messages);
  const headline = messages.text("edit.title");
  return {
    template: "pages/act",
    locals: {
      text: messages.text,
      headline,
      title,
      reference,
      lead: messages.text("edit.lead"),
      outcome: undefined,
      problem,
      fields: [
        ...rows.map((row) => control(row, page, messages)),
        fieldControl(NOTE_FIELD, { values, faults, label: messages.text("label.note") }, messages),
      ],
      press: messages.text("act.change.send"),
      back: { href: back, text: messages.text("act.back") },
      form: DECISION_FORM,
      nonce: press,
      hidden: [],
      session: visitor?.form,
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: problem === undefined ? `${headline} – ${title}` : `${messages.text("act.notDone")} ${title}`,
      note: messages.text("page.decisionRequest"),
      footer: messages.text("page.footer"),
    },
  };
}

function control(
  { name, label, item, value, current }: EditRow,
  { values, wrong }: EditPage,
  messages: Messages,
) {
  const text = values.get(name) ?? value;
  return {
    id: `edit-${name.replaceAll(".", "-")}`,
    name,
    label: item === undefined ? label : `${item}: ${label}`,
    // What is shown as JSON is read as JSON.
    hint: typeof current === "string" && current !== value ? messages.text("edit.json") : undefined,
    need: "",
    required: false,
    problem: wrong.has(name) ? messages.text("edit.wrong") : undefined,
    focus: wrong.has(name) && wrong.keys().next().value === name,
    value: text,
    control: text.includes("\n") || text.length > LINE_CHARS_MAX ? "textarea" : "input",
    options: [],
    type: "text",
    maxLength: ACTION_LIMITS.bytesMax,
  };
}

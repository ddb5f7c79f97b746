import { NOTE_CHARS_MAX } from "../../approval/act-requests.ts";
import { CONTENT_LIMITS } from "../../approval/schema.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import type { Messages } from "../../lib/messages.ts";
import { fieldControl, problemText } from "./act-controls.ts";
import { CHANGE_FORM, detailFields, TEXT_FIELDS } from "./change-form.ts";
import { changesAskedLocals } from "./changes-asked.ts";
import { linkedText } from "./linked-text.ts";
import { type ChangePage, DECISION_FORM } from "./page.ts";
import type { PageContent } from "./page-content.ts";

/** Details that can be added at once. */
const NEW_DETAILS = 2;

/** The question as it can be changed, and what those who are asked again will see of it. */
export function changeContent(page: ChangePage, messages: Messages): PageContent {
  const { title, reference, back, changes, preview, values, faults, press, refused, isSame = false } = page;
  const problem = isSame ? messages.text("act.change.same") : problemText(faults, refused, messages);
  const control = (field: Parameters<typeof fieldControl>[0], label: string, hint?: string) =>
    fieldControl(field, { values, faults, label, hint }, messages);
  const headline = messages.text(changes === undefined ? "act.change" : "request.answerChanges");
  const { title: titleField, summary, note } = TEXT_FIELDS;
  return {
    template: "pages/change",
    locals: {
      text: messages.text,
      headline,
      title,
      reference,
      lead: messages.text("act.change.lead"),
      problem,
      changes: changes && changesAskedLocals(changes, messages),
      preview: preview && {
        title: preview.content.title,
        note: preview.note,
        details: preview.content.details.map(({ label, value }) => ({ label, value: linkedText(value) })),
        summary: preview.content.summary ? markdownForPage(preview.content.summary) : undefined,
      },
      note: control(
        note,
        messages.text("act.change.note"),
        messages.text("act.change.note.hint", { max: NOTE_CHARS_MAX }),
      ),
      titleField: control(titleField, messages.text("label.title")),
      summary: control(summary, messages.text("label.summary")),
      details: rowsOf(values).map((i) => {
        const [label, value] = detailFields(i);
        return [
          control(label, messages.text("act.change.label", { n: i + 1 })),
          control(value, messages.text("act.change.value", { n: i + 1 })),
        ];
      }),
      form: { ...DECISION_FORM, ...CHANGE_FORM },
      nonce: press,
      hidden: [],
      session: page.visitor?.form,
      back: { href: back, text: messages.text("act.back") },
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: problem === undefined ? `${headline} – ${title}` : `${messages.text("act.notDone")} ${title}`,
      note: messages.text("request.mast"),
      footer: messages.text("request.footer"),
    },
  };
}

/** Rows with something in them, and some more. */
function rowsOf(values: ReadonlyMap<string, string>): readonly number[] {
  const all = Array.from({ length: CONTENT_LIMITS.detailsMax }, (_, i) => i);
  const last = all.findLastIndex((i) => detailFields(i).some(({ name }) => values.has(name)));
  return all.slice(0, last + 1 + NEW_DETAILS);
}

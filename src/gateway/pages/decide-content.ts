import { separableItems } from "../../approval/items.ts";
import type { ChoiceRule } from "../../approval/schema.ts";
import { afterDeadlineText, consequenceText, explanationText, shareOf } from "../../approval/wording.ts";
import { dateText, relativeText } from "../../lib/date-text.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { actionLocals } from "./action-content.ts";
import { changedLocals } from "./changed.ts";
import { choiceText } from "./choice-text.ts";
import type { FormProblem } from "./decision-form.ts";
import { doNotAskControls } from "./do-not-ask-content.ts";
import { fieldControls } from "./field-controls.ts";
import { linkedText } from "./linked-text.ts";
import { type Asked, DECISION_FORM, type Page } from "./page.ts";
import type { PageContent } from "./page-content.ts";
import { insteadOf, peopleOf, personOf } from "./people.ts";

type Data = (Page & { view: "decide" })["data"];

/** More buttons, or longer ones, would fill a phone's window. */
const BAR_CHOICES_MAX = 3;
const BAR_CHARS_MAX = 60;

/** The question with its form: what is asked first, the long text last, the buttons always in reach. */
export function decideContent(data: Data, messages: Messages): PageContent {
  const { request, approver, choices, rejected } = data;
  const { title, summary, details, requester } = request;
  const shownChoices = choices.map((choice, i) => shownChoice(choice, i, data, messages));
  const labelChars = shownChoices.reduce((sum, { label }) => sum + label.length, 0);
  return {
    template: "pages/decide",
    locals: {
      text: messages.text,
      title,
      lead: messages.text("page.lead"),
      requester: requester && personOf(requester),
      program: data.program && messages.text("page.through.key", { caller: data.program }),
      approver: personOf(approver),
      instead: insteadOf(data, messages),
      reference: data.reference,
      changed: changedLocals(data, messages),
      action: actionLocals(request, messages, { heading: "h2", struck: rejected?.struck ?? [] }),
      details: details.map(({ label, value }) => ({ label, value: linkedText(value) })),
      summary: summary === undefined ? undefined : markdownForPage(summary),
      ...ruleOf(data, messages),
      deadline: dateText(data.deadlineAtMs, { ...approver, locale: messages.locale }),
      inTime: relativeText(data.deadlineAtMs, data.nowMs, messages.locale) ?? "",
      afterDeadline: afterDeadlineText(request, data, messages),
      people: peopleOf(data, messages),
      choices: shownChoices,
      isBar: choices.length <= BAR_CHOICES_MAX && labelChars <= BAR_CHARS_MAX,
      fields: fieldControls(request.fields, rejected, messages),
      comment: commentOf(data, messages),
      doNotAsk: doNotAskControls(data, messages),
      problem: rejected && problemText(rejected.problem, messages),
      form: DECISION_FORM,
      hasStrikes: separableItems(request) > 0,
      acts: actsOf(data, messages),
      session: data.visitor?.form,
      final: messages.text(request.undo === undefined ? "page.final" : "page.undoable"),
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: messages.text(rejected === undefined ? "page.title" : "page.title.problem", { title }),
      note: messages.text("page.decisionRequest"),
      footer: messages.text("page.footer"),
      width: "wide",
    },
  };
}

/** For those who will not answer. */
function actsOf({ acts }: Data, messages: Messages): readonly Locals[] {
  if (acts === undefined) return [];
  const { edit, reassign, recuse } = acts;
  return [
    ...(edit === undefined ? [] : [{ href: edit, text: messages.text("edit.title") }]),
    ...(reassign === undefined ? [] : [{ href: reassign, text: messages.text("act.reassign") }]),
    { href: recuse, text: messages.text("act.recuse") },
  ];
}

/** Where the answer counts, and where the approval stands. */
function ruleOf({ request, stage, groups, explanation, approver }: Data, messages: Messages): Locals {
  const share = shareOf(request, { stage, groups }, messages);
  const { n, of, name } = share.stage ?? {};
  const part = n === undefined || of === undefined ? undefined : messages.text("part.of", { n, of });
  return {
    stage: part && (name === undefined ? part : `${part}: ${name}`),
    rules: share.groups.map(({ name: group, text }) => (group === undefined ? text : `${group}: ${text}`)),
    explanation: explanation && explanationText(explanation, messages, approver),
  };
}

function shownChoice(choice: ChoiceRule, i: number, { request, suggested }: Data, messages: Messages) {
  const consequence = consequenceText(choice.effect, request, messages);
  return {
    id: `choice-${i}`,
    value: choice.value,
    icon: choice.effect,
    effect: choice.effect,
    label: choiceText(choice, messages),
    isSuggested: choice.value === suggested,
    // Fields need to be full only to approve, and the browser must not insist on more.
    isLenient: choice.effect !== "approve",
    consequence:
      choice.comment === "required" ? `${consequence} ${messages.text("page.comment.needed")}` : consequence,
  };
}

/** The comment's control; undefined where no choice takes one. */
function commentOf({ choices, rejected }: Asked & Pick<Data, "rejected">, messages: Messages) {
  if (choices.every(({ comment }) => comment === "none")) return undefined;
  const isRequired = choices.every(({ comment }) => comment === "required");
  return {
    need: isRequired ? "" : messages.text("page.field.optional"),
    hint: messages.text("page.comment.hint", { max: DECISION_FORM.commentMax }),
    value: rejected?.comment ?? "",
    // The form's own problem is about the comment, unless it is about the press or the fields.
    isWrong: rejected !== undefined && !NOT_OF_COMMENT.includes(rejected.problem.kind),
  };
}

const NOT_OF_COMMENT: readonly FormProblem["kind"][] = ["fields", "allStruck", "doNotAsk", "doNotAskFull"];

function problemText(problem: FormProblem, messages: Messages): string {
  switch (problem.kind) {
    case "press":
      return messages.text("page.problem.press");
    case "fields":
      return messages.text("page.problem.fields");
    case "doNotAsk":
      return messages.text("page.problem.doNotAsk");
    case "doNotAskFull":
      return messages.text("page.problem.doNotAskFull");
    case "allStruck":
      return messages.text("page.problem.allStruck");
    case "unstorable":
      return messages.text("page.problem.unstorable");
    case "long":
      return messages.text("page.problem.long", { is: problem.is, max: problem.max });
    case "control":
      return messages.text("page.problem.control", { code: problem.code, place: problem.place });
    case "comment":
      return messages.text("page.problem.comment", { choice: choiceText(problem.choice, messages) });
    case "noComment":
      return messages.text("page.problem.noComment", { choice: choiceText(problem.choice, messages) });
    default:
      return problem satisfies never;
  }
}

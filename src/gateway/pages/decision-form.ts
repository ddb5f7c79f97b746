import type { Request, Response } from "express";
import { ACTION_LIMITS } from "../../approval/action-schema.ts";
import { type FieldValues, readFieldsForm as readFields } from "../../approval/field-answers.ts";
import type { FieldsSpec } from "../../approval/fields.ts";
import type { DoNotAskRequest } from "../../approval/refusal/do-not-ask.ts";
import type { ChoiceRule } from "../../approval/schema.ts";
import { controlAt, storableProblem, tidyLines } from "../../approval/text.ts";
import { DECISION_FORM, type Rejected } from "./page.ts";
import { formReader, type PostedForm } from "./posted-form.ts";

/** Why a form was not taken. `choice` is the one that was pressed. */
export type FormProblem =
  | { readonly kind: "press" | "unstorable" | "fields" | "allStruck" | "doNotAsk" | "doNotAskFull" }
  | { readonly kind: "long"; readonly is: number; readonly max: number }
  | { readonly kind: "control"; readonly code: string; readonly place: number }
  | { readonly kind: "comment" | "noComment"; readonly choice: ChoiceRule };

export type DecisionForm =
  | {
      readonly ok: true;
      readonly choice: ChoiceRule;
      readonly comment?: string;
      readonly fields?: FieldValues;
      /** Where items are struck out. */
      readonly except?: readonly number[];
      /** What is not to be asked again. */
      readonly doNotAsk?: DoNotAskRequest;
    }
  | { readonly ok: false; readonly pressed?: ChoiceRule; readonly rejected: Rejected };

/** What the form that was shown asked for. */
export interface FormAsked {
  readonly choices: readonly ChoiceRule[];
  readonly fields?: FieldsSpec | undefined;
  /** How many items there are that can be struck out. Default: none. */
  readonly items?: number | undefined;
  /** Value of the choice that counts if the form names none: pages of earlier versions have a button without a name. */
  readonly fallback?: string | undefined;
}

/** A full comment fits, of characters such as € that take nine bytes each; nothing else is asked for. */
const FORM_BYTES_MAX = 20 * 1024;
/** The same with every field full. */
const FIELDS_FORM_BYTES_MAX = 220 * 1024;

const readForm = formReader({ bytesMax: FORM_BYTES_MAX, controlsMax: 10 + ACTION_LIMITS.itemsMax });
const readFieldsForm = formReader({
  bytesMax: FIELDS_FORM_BYTES_MAX,
  controlsMax: 34 + ACTION_LIMITS.itemsMax,
});

/**
 * The decision form as posted. A body that is no such form (none at all, JSON, a mail program's one-click) is a form
 * without confirmation.
 *
 * @throws the parser's errors, with `status` 400, 413 or 415
 */
export async function readDecisionForm(req: Request, res: Response, asked: FormAsked): Promise<DecisionForm> {
  return judgeDecisionForm(await readPosted(req, res, asked), asked);
}

/** The same in two steps, for pages that must look at the form before it is judged. */
export function readPosted(
  req: Request,
  res: Response,
  { fields }: Pick<FormAsked, "fields">,
): Promise<PostedForm> {
  return (fields === undefined ? readForm : readFieldsForm)(req, res);
}

export function judgeDecisionForm(
  { isDoubled, text: textOf }: Pick<PostedForm, "isDoubled" | "text">,
  { choices, fields: spec, items = 0, fallback }: FormAsked,
): DecisionForm {
  const raw = textOf(DECISION_FORM.comment) ?? "";
  const comment = tidyLines(raw);
  const value = textOf(DECISION_FORM.choice) ?? fallback;
  const choice = choices.find((each) => each.value === value);
  const fieldText = (name: string) => textOf(DECISION_FORM.field + name);
  const struck = Array.from({ length: items }, (_, i) => i + 1).filter(
    (n) => textOf(DECISION_FORM.except + n) !== undefined,
  );
  const doNotAsk = doNotAskIn(textOf);
  const names = Object.keys(spec?.properties ?? {});
  const refused = (problem: FormProblem, fieldProblems: Rejected["fieldProblems"] = []): DecisionForm => ({
    ok: false,
    ...(choice === undefined ? {} : { pressed: choice }),
    rejected: {
      problem,
      comment,
      fields: new Map(names.map((name) => [name, fieldText(name) ?? ""])),
      fieldProblems,
      struck,
      doNotAsk,
    },
  });
  const isConfirmed = textOf(DECISION_FORM.confirm) === DECISION_FORM.confirmValue;
  if (isDoubled || !isConfirmed || choice === undefined) return refused({ kind: "press" });
  const problem = commentProblem(raw, comment, choice);
  const read = readFields(spec, fieldText, choice.effect === "approve");
  if (!read.ok) return refused(problem ?? { kind: "fields" }, read.problems);
  if (problem !== undefined) return refused(problem);
  // A rejection covers all items, so the struck ones do not matter.
  const except = choice.effect === "approve" ? struck : [];
  if (items > 0 && except.length === items) return refused({ kind: "allStruck" });
  if (doNotAsk !== undefined && choice.effect !== "reject") return refused({ kind: "doNotAsk" });
  return {
    ok: true,
    choice,
    ...(comment === "" ? {} : { comment }),
    ...(spec === undefined ? {} : { fields: read.values }),
    ...(except.length === 0 ? {} : { except }),
    ...(doNotAsk === undefined ? {} : { doNotAsk }),
  };
}

/** Nothing of a form that does not ask for it, or where none of its times is chosen. */
function doNotAskIn(textOf: PostedForm["text"]): DoNotAskRequest | undefined {
  const time = DECISION_FORM.doNotAskTimes.find((each) => each === textOf(DECISION_FORM.doNotAsk));
  if (time === undefined) return undefined;
  return { for: time, arguments: textOf(DECISION_FORM.doNotAskWhich) === "any" ? "any" : "same" };
}

function commentProblem(raw: string, comment: string, choice: ChoiceRule): FormProblem | undefined {
  const { commentMax: max } = DECISION_FORM;
  if (comment.length > max) return { kind: "long", is: comment.length, max };
  const control = controlAt(raw);
  if (control !== undefined) return { kind: "control", ...control };
  if (storableProblem(comment) !== undefined) return { kind: "unstorable" };
  if (choice.comment === "required" && comment === "") return { kind: "comment", choice };
  if (choice.comment === "none" && comment !== "") return { kind: "noComment", choice };
  return undefined;
}

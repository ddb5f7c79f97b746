/** An answer that a program gives in an approver's place, held against what the request asks, as the page holds a form. */
import type { FieldProblem } from "../lib/errors.ts";
import type { ApprovalRequest } from "./approval.ts";
import { type FieldValues, faultText, readFieldsJson } from "./field-answers.ts";
import { heldExcept } from "./items.ts";
import { fieldPath } from "./problems.ts";
import { choicesOf, offeredChoices } from "./rule.ts";
import type { ChoiceRule } from "./schema.ts";

export interface GivenAnswer {
  /** Value of a choice. */
  readonly choice: string;
  readonly comment?: string | undefined;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** Numbers of the items that are struck out. */
  readonly except?: readonly number[] | undefined;
}

export type HeldAnswer =
  | {
      readonly ok: true;
      readonly choice: ChoiceRule;
      readonly comment?: string;
      /** Where the request has fields. */
      readonly fields?: FieldValues;
      /** Where items are struck out. */
      readonly except?: readonly number[];
    }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** @param round of the ballot, from 1 */
export function heldAnswer(
  request: ApprovalRequest,
  round: number,
  { choice: value, comment = "", fields, except: struck = [] }: GivenAnswer,
): HeldAnswer {
  const offered = offeredChoices(request, round);
  const choice = offered.find((each) => each.value === value);
  if (choice === undefined) {
    const names = offered.map((each) => each.value).join(", ");
    const isOver = choicesOf(request).some((each) => each.value === value);
    const why = isOver ? ": no further round is allowed" : "";
    return { ok: false, problems: [{ field: "choice", message: `must be one of ${names}${why}` }] };
  }
  const problems: FieldProblem[] = [];
  if (choice.comment === "required" && comment === "") {
    problems.push({ field: "comment", message: `is required with the choice ${value}` });
  }
  if (choice.comment === "none" && comment !== "") {
    problems.push({ field: "comment", message: `must be left out with the choice ${value}` });
  }
  const read = readFieldsJson(request.fields, fields, choice.effect === "approve");
  if (!read.ok) {
    for (const { name, fault } of read.problems) {
      problems.push({ field: fieldPath(["fields", name]), message: faultText(fault) });
    }
  }
  const held = heldExcept(request, choice.effect, struck);
  if (!held.ok) problems.push(held.problem);
  if (!read.ok || !held.ok || problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    choice,
    ...(comment === "" ? {} : { comment }),
    ...(request.fields === undefined ? {} : { fields: read.values }),
    ...(held.except.length === 0 ? {} : { except: held.except }),
  };
}

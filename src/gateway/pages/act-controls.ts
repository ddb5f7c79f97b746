import type { FieldFault } from "../../approval/field-answers.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import type { Refusal } from "../../service/approvals/act.ts";
import type { ActField } from "./act-form.ts";
import { faultText } from "./field-controls.ts";

interface Filled {
  readonly values: ReadonlyMap<string, string>;
  readonly faults: ReadonlyMap<string, FieldFault>;
  readonly label: string;
  readonly hint?: string | undefined;
  /** What can be chosen: value and text. */
  readonly options?: readonly { readonly value: string; readonly text: string }[];
}

/** A control with what was filled in and what is wrong with it, for `partials/field`. */
export function fieldControl(
  { name, kind, charsMax, isRequired }: ActField,
  { values, faults, label, hint, options = [] }: Filled,
  messages: Messages,
): Locals {
  const fault = faults.get(name);
  return {
    id: `act-${name.replace(".", "-")}`,
    name,
    label,
    hint,
    need: isRequired ? "" : messages.text("page.field.optional"),
    // The page tells what is missing, in the reader's language: a browser would in its own.
    required: false,
    problem: fault && actFaultText(fault, messages),
    focus: fault !== undefined && faults.keys().next().value === name,
    value: values.get(name) ?? "",
    control: options.length > 0 ? "select" : kind === "lines" ? "textarea" : "input",
    options,
    type: kind === "email" || kind === "date" ? kind : "text",
    maxLength: kind === "date" ? undefined : charsMax,
  };
}

function actFaultText(fault: FieldFault, messages: Messages): string {
  return fault.kind === "required" ? messages.text("act.required") : faultText(fault, messages);
}

/** Why a form was not taken; undefined if nothing is wrong. */
export function problemText(
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
  "no-reassign": "act.refused.never",
  "undo-over": "act.refused.ended",
  ended: "act.refused.ended",
  "not-open": "act.refused.ended",
  "under-way": "act.refused.underWay",
  "too-often": "act.refused.tooOften",
  "too-many-mails": "act.refused.tooManyMails",
  "too-soon": "act.refused.tooSoon",
  "to-requester": "act.refused.toRequester",
  "to-same": "act.refused.toSame",
  "to-member": "act.refused.toMember",
  "deadline-earlier": "act.refused.deadline",
  "deadline-too-late": "act.refused.deadline",
  "no-rounds": "act.refused.noRounds",
  unchanged: "act.change.same",
  unedited: "edit.same",
} as const satisfies Record<Refusal, unknown>;

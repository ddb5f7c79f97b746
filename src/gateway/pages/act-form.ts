/** The forms by which people do something about an open approval besides answering: what they ask for, and how they are read. */
import type { Request, Response } from "express";
import { REASON_CHARS_MAX } from "../../approval/act-requests.ts";
import type { Person } from "../../approval/approval.ts";
import { type FieldFault, isDate } from "../../approval/field-answers.ts";
import { lineProblem, linesProblem, storableProblem, tidyLine, tidyLines } from "../../approval/text.ts";
import { isMailAddress, MAIL_ADDRESS_CHARS_MAX, PERSON_NAME_CHARS_MAX } from "../../lib/mail-address.ts";
import { DECISION_FORM } from "./page.ts";
import { formReader, type PostedForm } from "./posted-form.ts";

/** A control of such a form. */
export interface ActField {
  readonly name: string;
  /** `option`: one of `options`. */
  readonly kind: "email" | "line" | "lines" | "option" | "date";
  readonly charsMax: number;
  readonly isRequired: boolean;
  readonly options?: readonly string[];
}

/** What each act asks for. */
export const ACT_FIELDS = {
  reassign: [
    { name: "email", kind: "email", charsMax: MAIL_ADDRESS_CHARS_MAX, isRequired: true },
    { name: "name", kind: "line", charsMax: PERSON_NAME_CHARS_MAX, isRequired: false },
    { name: "reason", kind: "lines", charsMax: REASON_CHARS_MAX, isRequired: true },
  ],
  replace: [
    { name: "email", kind: "email", charsMax: MAIL_ADDRESS_CHARS_MAX, isRequired: true },
    { name: "name", kind: "line", charsMax: PERSON_NAME_CHARS_MAX, isRequired: false },
    { name: "reason", kind: "lines", charsMax: REASON_CHARS_MAX, isRequired: false },
  ],
  recuse: [{ name: "reason", kind: "lines", charsMax: REASON_CHARS_MAX, isRequired: false }],
  cancel: [{ name: "reason", kind: "lines", charsMax: REASON_CHARS_MAX, isRequired: false }],
  revoke: [{ name: "reason", kind: "lines", charsMax: REASON_CHARS_MAX, isRequired: false }],
  // No longer than the links that people have can be opened after the deadline as it was.
  extend: [
    { name: "more", kind: "option", charsMax: 10, isRequired: true, options: ["P1D", "P2D", "P3D", "P7D"] },
  ],
} as const satisfies Record<string, readonly ActField[]>;

/** A form as it was posted. */
export interface ActForm {
  /** Whether a person has pressed the button of the form. */
  readonly isConfirmed: boolean;
  /** Names the form that was shown; undefined if the form says nothing that could be a name. */
  readonly press: string | undefined;
  /** What shows that the form is of the session, where the person is signed in. */
  readonly session: string | undefined;
  /** What is in each control, tidied, by its name; nothing of those that are empty. */
  readonly values: ReadonlyMap<string, string>;
  /** What is wrong with it, by the control's name. */
  readonly faults: ReadonlyMap<string, FieldFault>;
}

/** The longest reason fits, of characters that take nine bytes each. */
export const readPostedAct = formReader({ bytesMax: 10 * 1024, controlsMax: 8 });

/** @throws the parser's errors, with `status` 400, 413 or 415 */
export async function readActForm(
  req: Request,
  res: Response,
  fields: readonly ActField[],
): Promise<ActForm> {
  return judgeActForm(await readPostedAct(req, res), fields);
}

export function judgeActForm(posted: PostedForm, fields: readonly ActField[]): ActForm {
  const values = new Map<string, string>();
  const faults = new Map<string, FieldFault>();
  for (const field of fields) {
    const raw = posted.text(field.name) ?? "";
    const value = field.kind === "lines" ? tidyLines(raw) : tidyLine(raw);
    if (value !== "") values.set(field.name, value);
    const fault = faultOf(raw, value, field);
    if (fault !== undefined) faults.set(field.name, fault);
  }
  const isConfirmed = posted.text(DECISION_FORM.confirm) === DECISION_FORM.confirmValue;
  return {
    isConfirmed: isConfirmed && !posted.isDoubled,
    press: pressIn(posted),
    session: posted.text(DECISION_FORM.session),
    values,
    faults,
  };
}

/** The name of the form that was posted. */
function pressIn(posted: Pick<PostedForm, "text">): string | undefined {
  const press = posted.text(DECISION_FORM.press);
  return press !== undefined && BITS_128.test(press) ? press : undefined;
}

/** In base64url. */
const BITS_128 = /^[A-Za-z0-9_-]{22}$/u;

/** The person who is named in such a form. */
export function personIn(values: ReadonlyMap<string, string>): Person {
  const name = values.get("name");
  return { email: values.get("email") ?? "", ...(name === undefined ? {} : { name }) };
}

function faultOf(
  raw: string,
  value: string,
  { kind, charsMax, isRequired, options }: ActField,
): FieldFault | undefined {
  if (value === "") return isRequired ? { kind: "required" } : undefined;
  if (value.length > charsMax) return { kind: "tooLong", limit: charsMax };
  const problem = kind === "lines" ? linesProblem(raw) : lineProblem(raw);
  if (problem !== undefined || storableProblem(value) !== undefined) return { kind: "characters" };
  if (kind === "date" && !isDate(value)) return { kind };
  if (kind === "option" && options?.includes(value) !== true) return { kind: "option" };
  return kind === "email" && !isMailAddress(value) ? { kind: "email" } : undefined;
}

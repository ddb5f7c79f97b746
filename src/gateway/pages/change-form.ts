/** The form by which the person who asked changes the question: read as text, and shown to them before it is sent. */
import type { Request, Response } from "express";
import { NOTE_CHARS_MAX } from "../../approval/act-requests.ts";
import type { Content } from "../../approval/approval.ts";
import type { FieldFault } from "../../approval/field-answers.ts";
import { CONTENT_LIMITS } from "../../approval/schema.ts";
import { type ActField, type ActForm, judgeActForm } from "./act-form.ts";
import { formReader, type PostedForm } from "./posted-form.ts";

export const CHANGE_FORM = { step: "step", preview: "preview", send: "send" } as const;

const { titleMax, summaryMax, labelMax, valueMax, detailsMax } = CONTENT_LIMITS;

export const TEXT_FIELDS = {
  note: { name: "note", kind: "lines", charsMax: NOTE_CHARS_MAX, isRequired: false },
  title: { name: "title", kind: "line", charsMax: titleMax, isRequired: true },
  summary: { name: "summary", kind: "lines", charsMax: summaryMax, isRequired: false },
} as const satisfies Record<string, ActField>;

/** The controls of one detail, counted from 0. */
export function detailFields(i: number): readonly [label: ActField, value: ActField] {
  return [
    { name: `label.${i}`, kind: "line", charsMax: labelMax, isRequired: false },
    { name: `value.${i}`, kind: "line", charsMax: valueMax, isRequired: false },
  ];
}

/** What was posted, as the question would be. */
export interface ChangeForm extends ActForm {
  /** Whether it was sent, and not only to be previewed. */
  readonly isSent: boolean;
  /** Without a summary, it has the empty text. */
  readonly content: Content;
  readonly note: string | undefined;
}

/** Everything at its longest fits, of characters that take nine bytes each. */
export const readPostedChange = formReader({ bytesMax: 640 * 1024, controlsMax: 2 * detailsMax + 8 });

/** @throws the parser's errors, with `status` 400, 413 or 415 */
export async function readChangeForm(req: Request, res: Response): Promise<ChangeForm> {
  return judgeChangeForm(await readPostedChange(req, res));
}

export function judgeChangeForm(posted: PostedForm): ChangeForm {
  const rows = Array.from({ length: detailsMax }, (_, i) => detailFields(i));
  const form = judgeActForm(posted, [...Object.values(TEXT_FIELDS), ...rows.flat()]);
  const { values } = form;
  const faults = new Map<string, FieldFault>(form.faults);
  const details = rows.flatMap(([{ name: labelName }, { name: valueName }]) => {
    const label = values.get(labelName);
    const value = values.get(valueName);
    if (label === undefined && value === undefined) return [];
    // Half a detail: somebody forgot the other half.
    if (label === undefined) faults.set(labelName, { kind: "required" });
    if (value === undefined) faults.set(valueName, { kind: "required" });
    return [{ label: label ?? "", value: value ?? "" }];
  });
  return {
    ...form,
    faults,
    isSent: posted.text(CHANGE_FORM.step) === CHANGE_FORM.send,
    content: { title: values.get("title") ?? "", summary: values.get("summary") ?? "", details },
    note: values.get("note"),
  };
}

/** The form as it is first shown: with the question as it is. */
export function filledWith({ title, summary = "", details }: Content): ReadonlyMap<string, string> {
  const values = new Map([
    ["title", title],
    ["summary", summary],
  ]);
  for (const [i, { label, value }] of details.entries()) {
    const [labelField, valueField] = detailFields(i);
    values.set(labelField.name, label).set(valueField.name, value);
  }
  return values;
}

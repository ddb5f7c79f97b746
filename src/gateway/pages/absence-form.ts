/** The form by which a person says who is asked while they are away. */
import type { Request, Response } from "express";
import { MAIL_ADDRESS_CHARS_MAX, PERSON_NAME_CHARS_MAX } from "../../lib/mail-address.ts";
import { type ActField, type ActForm, readActForm } from "./act-form.ts";

const DATE_CHARS = 10;
const NOTE_CHARS_MAX = 200;

/** IANA time zones that this Node knows: what `<select>` offers. Listed when they are first needed, and not at the start. */
const timeZones = (): readonly string[] => (listed ??= ["UTC", ...Intl.supportedValuesOf("timeZone")]);
let listed: readonly string[] | undefined;

export const ABSENCE_FIELDS = [
  { name: "to", kind: "email", charsMax: MAIL_ADDRESS_CHARS_MAX, isRequired: true },
  { name: "name", kind: "line", charsMax: PERSON_NAME_CHARS_MAX, isRequired: false },
  { name: "from", kind: "date", charsMax: DATE_CHARS, isRequired: false },
  { name: "until", kind: "date", charsMax: DATE_CHARS, isRequired: true },
  {
    name: "timeZone",
    kind: "option",
    charsMax: 64,
    isRequired: true,
    get options() {
      return timeZones();
    },
  },
  { name: "note", kind: "line", charsMax: NOTE_CHARS_MAX, isRequired: false },
] as const satisfies readonly ActField[];

export type AbsenceField = (typeof ABSENCE_FIELDS)[number]["name"];

/** @throws the parser's errors, with `status` 400, 413 or 415 */
export function readAbsenceForm(req: Request, res: Response): Promise<ActForm> {
  return readActForm(req, res, ABSENCE_FIELDS);
}

/** What an `AbsenceRequest` has from a form without faults, beside its person. */
export function absenceCallOf({ values }: Pick<ActForm, "values">) {
  const name = values.get("name");
  const [from, note] = [values.get("from"), values.get("note")];
  return {
    to: { email: values.get("to") ?? "", ...(name === undefined ? {} : { name }) },
    until: values.get("until") ?? "",
    timeZone: values.get("timeZone") ?? "",
    ...(from === undefined ? {} : { from }),
    ...(note === undefined ? {} : { note }),
  };
}

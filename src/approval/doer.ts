/**
 * Who did something in place of the people of an approval: a program or an operator. Records have it in two fields, which pages,
 * mails and answers make one name of.
 */
import { EVERYBODY } from "../lib/callers.ts";
import { operatorIn } from "./operator.ts";

/** A program, or an operator, as records and answers name it. */
export interface Program {
  /** `key:` and the id of an API key, `person:` and a hash, `operator:` and a name, the source of a webhook, or `open`. */
  readonly caller?: string;
  /** The name of the API key. Absent in what earlier versions stored. */
  readonly client?: string;
}

/** Of these fields, the ones that there are. */
export function programOf({
  caller,
  client,
}: {
  readonly caller?: string | undefined;
  readonly client?: string | undefined;
}): Program {
  return { ...(caller === undefined ? {} : { caller }), ...(client === undefined ? {} : { client }) };
}

/** Who acts by the command line, in records. */
export const COMMAND_LINE = "operator";

export type Doer =
  | { readonly kind: "operator"; readonly name: string }
  /** An operator whose name is not known, on the command line. */
  | { readonly kind: "command-line" }
  /** By the name of its API key, or by the key's id where the name was not recorded. */
  | { readonly kind: "key"; readonly name: string }
  /** Without a key, or a tool of a person who is known to the issuer of its tokens. */
  | { readonly kind: "program" };

/** Undefined if nobody did it in people's place. */
export function doerOf({ caller, client }: Program): Doer | undefined {
  if (caller === undefined) return undefined;
  const operator = operatorIn(caller);
  if (operator !== undefined) return { kind: "operator", name: operator };
  if (caller === COMMAND_LINE) return { kind: "command-line" };
  if (caller === EVERYBODY || caller.startsWith(PERSON)) return { kind: "program" };
  return { kind: "key", name: client ?? (caller.startsWith(KEY) ? caller.slice(KEY.length) : caller) };
}

const KEY = "key:";
const PERSON = "person:";

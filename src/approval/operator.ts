/**
 * Operators: people who look after all approvals on `/admin`. In stored records an operator is the `caller` of an act, as a
 * program is, with a name in place of a key's id.
 */
const PREFIX = "operator:";

/** More of a name is cut. */
const NAME_CHARS_MAX = 100;

/** Who did something, as records have it. */
export function operatorCaller(name: string): string {
  return `${PREFIX}${name}`;
}

/** The name of the operator whom a record names; undefined if it names nobody, or a program. */
export function operatorIn(caller: string | undefined): string | undefined {
  return caller?.startsWith(PREFIX) === true ? caller.slice(PREFIX.length) : undefined;
}

/** A name in one line, as mails and pages show it; empty if nothing of it is left. */
export function operatorName(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return line.slice(0, NAME_CHARS_MAX).toWellFormed().trim();
}

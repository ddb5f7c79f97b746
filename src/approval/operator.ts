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

/** As long as a mail address can be. */
const OWN_CHARS_MAX = 254;

/** A name in one line, as mails and pages show it; empty if nothing of it is left. */
export function operatorName(text: string): string {
  return cut(text, NAME_CHARS_MAX);
}

/**
 * The same of somebody who can choose the name that others see. What is theirs alone stands beside it, and is never cut to make
 * room: nobody can pass for another by a long name.
 */
export function operatorNamed(name: string | undefined, own: string): string {
  const theirs = cut(own, OWN_CHARS_MAX);
  const chosen = cut(name ?? "", NAME_CHARS_MAX);
  return chosen === "" ? theirs : `${chosen} (${theirs})`;
}

function cut(text: string, most: number): string {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return line.slice(0, most).toWellFormed().trim();
}

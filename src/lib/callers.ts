/** The caller that the API records while there are no keys: anybody on this machine. */
export const EVERYBODY = "open";

/** The key with which a program did something; undefined if there are no keys, so that there is nothing to name. */
export function keyOf(caller: string): string | undefined {
  return caller === EVERYBODY ? undefined : caller;
}

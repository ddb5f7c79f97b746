/** Who a message is for. `any` with a `pid` prefers that worker but takes another of its group when it is away. */
export type Address =
  | { readonly cast: "any"; readonly group: string; readonly pid?: string }
  | { readonly cast: "uni"; readonly group: string; readonly pid: string };

const POLL_ADDRESS = /^poll:\/\/(any|uni)@([A-Za-z0-9._-]{1,128})(?:\/([A-Za-z0-9._-]{1,128}))?$/;

/** Group and process names that can stand in an address and in a URL's path without being changed by either. */
export const NAME_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/** What a refused address should have been, to be put behind the field's name. */
export const ADDRESS_RULE =
  "must be poll://any@group, poll://any@group/pid or poll://uni@group/pid, with names of letters, digits, '.', '_' and '-'";

/** Undefined for everything that this server cannot deliver to. */
export function parseAddress(text: string): Address | undefined {
  const match = POLL_ADDRESS.exec(text);
  const [, cast, group, pid] = match ?? [];
  if (group === undefined) return undefined;
  if (cast === "any") return pid === undefined ? { cast, group } : { cast, group, pid };
  return pid === undefined ? undefined : { cast: "uni", group, pid };
}

export function anyAddress(group: string, pid?: string): string {
  return pid === undefined ? `poll://any@${group}` : `poll://any@${group}/${pid}`;
}

export function uniAddress(group: string, pid: string): string {
  return `poll://uni@${group}/${pid}`;
}

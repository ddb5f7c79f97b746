/** Where the pages of a person who is signed in are. */

export const ABSENCES = "/inbox/absences";

/** Where a rule of theirs is taken away. */
export function absenceHref(id: string): string {
  return `${ABSENCES}/${encodeURIComponent(id)}`;
}

export const PASSKEYS = "/inbox/passkeys";

/** Where a passkey of theirs is removed. */
export function passkeyHref(n: number): string {
  return `${PASSKEYS}/${n}`;
}

/** The page of what a person who is signed in asked for. */
export function requestHref(id: string): string {
  return `/inbox/requests/${encodeURIComponent(id)}`;
}

/** The page of a ballot for a person who is signed in. */
export function ballotHref(pid: string): string {
  return `/inbox/ballots/${encodeURIComponent(pid)}`;
}

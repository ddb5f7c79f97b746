/** The mail with the head of the log of events: a workflow for each day and address. */

export const LOG_HEAD_FUNC = "log_head_mail";
export const LOG_HEAD_KIND = "log-head";

/** How long a relay may be away. */
export const LOG_HEAD_LIFE_MS = 86_400_000;

export interface LogHead {
  readonly kind: typeof LOG_HEAD_KIND;
  /** `2026-03-02`, in UTC, and which of the addresses it is, from 1. */
  readonly day: string;
  readonly n: number;
  readonly to: { readonly email: string };
  /** The head as a signed note. */
  readonly note: string;
}

/** The same for all gateways, so that one mail a day goes to each address. No id that a caller may choose: `~`. */
export function logHeadId({ day, n }: Pick<LogHead, "day" | "n">): string {
  return `${LOG_HEAD_KIND}~${day}.${n}`;
}

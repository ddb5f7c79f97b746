/** What a process knows of the relay, from the mails that it has sent (`src/channels/mail/relay-state.ts`). */
export interface RelayState {
  /**
   * `unknown`: no mail was tried yet. `away`: it cannot be reached, or takes no mail just now. `barred`: it does not let us
   * send until a setting, a login or a certificate is mended.
   */
  readonly kind: "unknown" | "up" | "away" | "barred";
  /** Since when, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Why the last mail that it did not take was put off or refused. */
  readonly lastError?: { readonly reason: string; readonly atMs: number };
  /** Mails that could not be handed over within a day, and were not since. After a restart it begins at 0. */
  readonly waiting: number;
}

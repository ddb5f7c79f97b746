/** What is known of the relay from the mails of this process. */
import type { RelayState } from "../../lib/relay-state.ts";
import type { Attempt } from "./transport.ts";

export interface RelayWatch {
  /** Takes note of a mail's result, after its quick tries. `id` is the same for each try of one mail. */
  note(attempt: Attempt, id: string): void;
  state(): RelayState;
}

/** More mails than that wait without being counted. */
const WAITING_MAX = 100_000;
/** A mail that was not tried again for longer is needed no more: its approval has ended. */
const FORGOTTEN_MS = 24 * 3_600_000;

/** @param clock milliseconds since 1970 */
export function watchRelay(
  clock: () => number,
  onChange: (state: RelayState) => void = () => {},
): RelayWatch {
  /** When each was tried last, the longest ago first. */
  const waiting = new Map<string, number>();
  let kind: RelayState["kind"] = "unknown";
  let sinceMs = clock();
  let lastError: RelayState["lastError"];
  let told: RelayState | undefined;
  const state = (): RelayState => {
    for (const [id, atMs] of waiting) {
      if (atMs > clock() - FORGOTTEN_MS) break;
      waiting.delete(id);
    }
    return { kind, sinceMs, ...(lastError === undefined ? {} : { lastError }), waiting: waiting.size };
  };
  return {
    state,
    note(attempt, id) {
      const next = kindAfter(attempt) ?? kind;
      if (next !== kind) [kind, sinceMs] = [next, clock()];
      waiting.delete(id);
      if (attempt.kind === "failed" && waiting.size < WAITING_MAX) waiting.set(id, clock());
      if (attempt.kind !== "accepted") lastError = { reason: attempt.reason, atMs: clock() };
      const now = state();
      if (told !== undefined && isSame(told, now)) return;
      told = now;
      onChange(now);
    },
  };
}

function isSame(a: RelayState, b: RelayState): boolean {
  return (
    a.kind === b.kind && a.waiting === b.waiting && a.sinceMs === b.sinceMs && a.lastError === b.lastError
  );
}

/** Undefined: it says nothing of the relay. A relay that answers about one mail is there. */
function kindAfter(attempt: Attempt): RelayState["kind"] | undefined {
  if (attempt.kind !== "failed") return "up";
  switch (attempt.cause) {
    case "server":
      return "away";
    case "settings":
      return "barred";
    case "mail":
      return "up";
    case "stopped":
      return undefined;
  }
}

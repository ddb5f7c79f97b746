import type { Logger } from "../../lib/log.ts";

/** What operators hear of the feed: a line when trouble begins, and one when it is over. */
export interface FeedLog {
  isAway(error: unknown): void;
  isWell(): void;
  /** An approval whose row could not be made: lists do not show it, or show it as it was. */
  leftOut(id: string, error: unknown): void;
  /** The server does not tell which approvals there are. Until it does, there may be no lists. */
  cannotCompare(error: Error): void;
}

export function feedLog(log: Pick<Logger, "warn" | "info" | "error">): FeedLog {
  let awaySince: number | undefined;
  let toldWhy: string | undefined;
  return {
    isAway(err) {
      if (awaySince !== undefined) return;
      awaySince = performance.now();
      log.warn(
        { err },
        "the index in PostgreSQL cannot be used: approvals go on, lists answer 503, and what changes is written when it is back",
      );
    },
    isWell() {
      if (awaySince === undefined) return;
      const ms = Math.round(performance.now() - awaySince);
      awaySince = undefined;
      log.info({ ms }, "the index in PostgreSQL can be used again");
    },
    leftOut(id, err) {
      log.error({ id, err }, "cannot write this approval into the index");
    },
    cannotCompare({ message }) {
      if (message !== toldWhy) log.warn({ reason: message }, "cannot compare the index with the engine");
      toldWhy = message;
    },
  };
}

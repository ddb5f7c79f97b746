/** Log lines about the relay: when it goes away, now and then while it is away, and when it is back. */
import type { Logger } from "../../lib/log.ts";
import type { Attempt } from "./transport.ts";

export interface RelayLog {
  /** Takes note of a mail's result, after its quick tries. `approval`: what the mail is about, if it is about one. */
  note(attempt: Attempt, mail: { readonly kind?: string; readonly approval?: string }): void;
}

/** An outage is logged again after this time. An outage that follows another within `APART_MS` is not a new one. */
const AGAIN_MS = 10 * 60_000;
const APART_MS = 60_000;
/** More reasons than a relay can have; each is logged once until a mail goes out. */
const REASONS_MAX = 20;

/**
 * @param server `host:port` of the relay
 * @param now milliseconds on a clock that only goes forward
 */
export function createRelayLog(
  log: Logger,
  { server, now = () => performance.now() }: { readonly server: string; readonly now?: () => number },
): RelayLog {
  let outage: { readonly sinceMs: number; readonly isTold: boolean; failures: number } | undefined;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const barred = new Set<string>();

  function away(reason: string): void {
    const quietMs = now() - toldAtMs;
    if (outage === undefined) {
      const isTold = quietMs >= APART_MS;
      outage = { sinceMs: now(), isTold, failures: 1 };
      if (isTold) warn("The mail server is away: mails wait, and are tried again");
      return;
    }
    outage.failures += 1;
    if (quietMs < AGAIN_MS) return;
    outage = { ...outage, isTold: true };
    warn("The mail server is still away");

    function warn(message: string): void {
      toldAtMs = now();
      log.warn({ server, reason, ...lengthOf(outage) }, message);
    }
  }

  function lengthOf(since: typeof outage) {
    if (since === undefined) return {};
    return { awaySeconds: Math.round((now() - since.sinceMs) / 1000), failures: since.failures };
  }

  function back(): void {
    if (outage?.isTold === true) log.info({ server, ...lengthOf(outage) }, "The mail server is back");
    outage = undefined;
  }

  return {
    note(attempt, { approval }) {
      switch (attempt.kind) {
        case "accepted":
          back();
          if (barred.size > 0) log.info({ server }, "The mail server accepts mail again");
          barred.clear();
          return;
        case "refused":
          back();
          log.warn({ approval, reason: attempt.reason }, "A mail is undeliverable");
          return;
        case "failed":
          break;
      }
      const { cause, reason } = attempt;
      if (cause === "server") away(reason);
      else if (cause === "mail") back();
      else if (cause === "settings" && !barred.has(reason) && barred.size < REASONS_MAX) {
        barred.add(reason);
        log.error(
          { server, reason },
          "The mail server does not let us send: mails wait until that is mended",
        );
      }
    },
  };
}

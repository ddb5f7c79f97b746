/** The metrics of one process, put together with what only grows elsewhere: in its other threads, or in the index. */

import type { Config } from "../config/config.ts";
import { environment } from "../config/env.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { atMost } from "../lib/at-most.ts";
import type { Logger } from "../lib/log.ts";
import type { RelayState } from "../lib/relay-state.ts";
import type { Metrics } from "../metrics/metrics.ts";

/** A collector that does not answer must not hold up a stop. */
const CLOSE_LIMIT_MS = 2_000;

/**
 * @param relay what is known of it in this process
 * @returns undefined where the settings have metrics off: then none of their libraries is read
 */
export async function openMetrics(
  config: Config,
  log: Logger,
  relay: () => RelayState | undefined = () => undefined,
): Promise<Metrics | undefined> {
  if (!config.metrics) return undefined;
  const { startMetrics } = await import("../metrics/metrics.ts");
  const metrics = await startMetrics(environment);
  if (metrics.url !== undefined) log.info({ url: metrics.url }, "Metrics can be read");
  metrics.watch("countersign.relay.up", () => {
    const state = relay();
    return state === undefined || state.kind === "unknown" ? undefined : Number(state.kind === "up");
  });
  metrics.watch("countersign.relay.waiting", () => relay()?.waiting);
  const close = async () => {
    try {
      await atMost(CLOSE_LIMIT_MS, metrics.close());
    } catch (err) {
      log.warn({ err }, "The last metrics are lost: the collector did not take them");
    }
  };
  return { ...metrics, close };
}

/** Counts by the index, up to what it counts at most: no scan of all that is stored. */
export function watchApprovals(metrics: Metrics, ledger: Ledger, nowMs: () => number): void {
  const countOf = async (query: {
    readonly sort: "created" | "due";
    readonly due?: { readonly before: number };
  }) => {
    try {
      const { total } = await ledger.list({ status: "pending", limit: 1, total: true, ...query });
      return total?.count;
    } catch {
      // While the engine does not answer, nothing is known.
      return undefined;
    }
  };
  metrics.watch("countersign.approvals.open", () => countOf({ sort: "created" }));
  metrics.watch("countersign.approvals.overdue", () => countOf({ sort: "due", due: { before: nowMs() } }));
}

/** What this process knows of them: each gateway asks by itself. */
export function watchWitnesses(
  metrics: Metrics | undefined,
  witnesses: { states(): readonly { readonly failing?: unknown }[] },
): void {
  metrics?.watch(
    "countersign.log.witnesses.failing",
    () => witnesses.states().filter(({ failing }) => failing !== undefined).length,
  );
}

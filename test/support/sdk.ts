import { type Logger, Resonate, ResonateTimeoutException } from "@resonatehq/sdk";
import { onTestFinished } from "vitest";
import type { EngineNetwork } from "../../src/engine/deliver/network.ts";
import type { Engine } from "../../src/engine/engine.ts";

export const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The SDK on the engine in this process; `start` on the network begins deliveries. */
export function inProcess(engine: Engine, group: string, ttl = 60_000) {
  const network: EngineNetwork = engine.network({
    group,
    unavailable: (cause) => new ResonateTimeoutException(cause),
  });
  const resonate = new Resonate({ network, pid: network.pid, ttl, logger: SILENT });
  onTestFinished(() => resonate.stop());
  return { resonate, network };
}

/** The SDK as another process would use it. */
export function overHttp(url: string, group: string, pid: string, ttl = 60_000): Resonate {
  const resonate = new Resonate({ url, token: "token", group, pid, ttl, logger: SILENT });
  onTestFinished(() => resonate.stop());
  return resonate;
}

/** What the SDK would write for this JSON value. */
export function encoded(value: unknown): { headers: Record<string, string>; data: string } {
  return { headers: {}, data: Buffer.from(JSON.stringify(value)).toString("base64") };
}

/** The embedded engine of a site in the test's own process, so that a test can let hours pass for everybody at once. */
import { loadConfig } from "../../src/config/config.ts";
import { loadEngineToken } from "../../src/config/keys.ts";
import { SYSTEM_CLOCK } from "../../src/engine/clock.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { serveEngine } from "../../src/engine/serve/http.ts";
import { ledgerProjection } from "../../src/ledger/projection.ts";
import type { Site } from "./site.ts";

export interface MovableEngine extends AsyncDisposable {
  /** Moves its clock forward. All leases that are shorter end, too, as if the machine had slept. */
  pass(ms: number): void;
}

/** How soon the engine notices that its clock was moved. */
const LOOKS_EVERY_MS = 25;

/** Serves where the site's processes look for their engine. */
export async function startMovableEngine({ env, dataDir }: Site): Promise<MovableEngine> {
  const config = loadConfig(env, "engine");
  if (config.engine.kind !== "embedded") throw new Error("This run is on a Resonate Server");
  let aheadMs = 0;
  const clock = { ...SYSTEM_CLOCK, now: () => Date.now() + aheadMs, looksEveryMs: LOOKS_EVERY_MS };
  const engine = openEngine({ dataDir, clock, projection: ledgerProjection() });
  const served = await serveEngine(engine, { port: config.engine.port, token: loadEngineToken(config) });
  return {
    pass(ms) {
      aheadMs += ms;
    },
    async [Symbol.asyncDispose]() {
      await served.close();
      await engine.close();
    },
  };
}

/** The embedded engine of a site in the test's own process, so that a test can let hours pass for everybody at once. */
import { loadConfig } from "../../src/config/config.ts";
import { loadEngineToken } from "../../src/config/keys.ts";
import { SYSTEM_CLOCK } from "../../src/engine/clock.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { serveEngine } from "../../src/engine/serve/http.ts";
import { ledgerProjection } from "../../src/ledger/projection.ts";
import { RESONATE_URL } from "./resonate-server.ts";
import type { Site } from "./site.ts";

export interface MovableEngine extends AsyncDisposable {
  /** Moves its clock forward. All leases that are shorter end, too, as if the machine had slept. */
  pass(ms: number): void;
  /** How far it has been moved. */
  readonly movedMs: number;
}

/** How soon the engine notices that its clock was moved. */
const LOOKS_EVERY_MS = 25;

interface MovableOptions {
  /** Its clock goes on only when it is moved. Default: it also goes with the machine's. */
  readonly standsStill?: boolean;
}

/** Serves where the site's processes look for their engine. */
export async function startMovableEngine(
  { env, dataDir }: Site,
  { standsStill = false }: MovableOptions = {},
): Promise<MovableEngine> {
  const config = loadConfig(env, "engine");
  if (config.engine.kind !== "embedded") throw new Error("This run is on a Resonate Server");
  let aheadMs = 0;
  const startedAt = Date.now();
  const now = () => (standsStill ? startedAt : Date.now()) + aheadMs;
  const clock = { ...SYSTEM_CLOCK, now, looksEveryMs: LOOKS_EVERY_MS };
  const engine = openEngine({ dataDir, clock, projection: ledgerProjection() });
  const served = await serveEngine(engine, { port: config.engine.port, token: loadEngineToken(config) });
  return {
    pass(ms) {
      aheadMs += ms;
    },
    get movedMs() {
      return aheadMs;
    },
    async [Symbol.asyncDispose]() {
      await served.close();
      await engine.close();
    },
  };
}

/** Of a worker in whose lease nothing but the test's word may come to an end. */
const LEASE_MS = 120_000;

/**
 * Leases that end when a test says so. Those of a second or two, which real time ends, also end where a slow machine keeps a
 * living worker waiting; then its work is done again, and who counts mails counts too many.
 */
export interface Leases extends AsyncDisposable {
  /** All that are running end, and other workers take over. */
  end(): void;
  /** How far the engine's clock is ahead of the machine's for that. */
  readonly aheadMs: number;
}

/** For the sites of `startLeases`. The clock of a Resonate Server cannot be moved: there leases are those of one machine, and end by themselves. */
export const TOLD_LEASE = { WORKER_LEASE_MS: RESONATE_URL === undefined ? String(LEASE_MS) : "15000" };

/** The engine of a site with `TOLD_LEASE`, on which nothing else has been started. */
export async function startLeases(site: Site): Promise<Leases> {
  if (RESONATE_URL !== undefined) return { end() {}, aheadMs: 0, async [Symbol.asyncDispose]() {} };
  const engine = await startMovableEngine(site);
  return {
    end: () => engine.pass(LEASE_MS + 1_000),
    get aheadMs() {
      return engine.movedMs;
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

import type { IRouter } from "express";
import type { Durable } from "../../durable/durable.ts";
import { addRoute } from "../http/routes.ts";

export interface HealthRoutesOptions {
  readonly durable: Durable;
  /** Whether the disk that requests end up on takes more. */
  readonly canStore: () => Promise<boolean>;
  /** Whether the engine lets in whoever reaches it, and so lets them decide anything. */
  readonly isEngineOpen: () => boolean;
  /** Aborted when the process is asked to stop. */
  readonly draining: AbortSignal;
}

/** Probes give up after a few seconds, and a probe that waits says less than one that answers no. */
const READY_TIMEOUT_MS = 2_000;

/**
 * `GET /livez`: this process answers. `GET /readyz`: it can do its work, because the engine answers a read, there is
 * room to write what is asked for, the engine is not open to all, and nobody has told it to stop. Neither needs a key, or tells anything else.
 */
export function addHealthRoutes(router: IRouter, deps: HealthRoutesOptions): void {
  addRoute(router, "/livez", { GET: (_req, res) => void res.json({ status: "ok" }) });
  addRoute(router, "/readyz", {
    GET: async (_req, res) => {
      if (deps.draining.aborted) res.status(503).json({ status: "stopping" });
      // Not in plain words: this is told to everybody.
      else if (deps.isEngineOpen()) res.status(503).json({ status: "misconfigured" });
      else if (!(await engineAnswers(deps.durable))) res.status(503).json({ status: "engine unavailable" });
      else if (!(await deps.canStore())) res.status(503).json({ status: "storage unavailable" });
      else res.json({ status: "ready" });
    },
  });
}

async function engineAnswers(durable: Durable): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), READY_TIMEOUT_MS);
  const answered = durable.read("readyz").then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([answered, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

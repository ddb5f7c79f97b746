import type { IRouter } from "express";
import type { Durable } from "../../durable/durable.ts";
import { addRoute } from "../http/routes.ts";

export interface HealthRoutesOptions {
  readonly durable: Durable;
  /** Whether the disk that requests end up on takes more. */
  readonly canStore: () => Promise<boolean>;
  /**
   * Whether the engine accepts calls without a token, so that anyone who reaches it can decide anything; or refuses this
   * service for good.
   */
  readonly isMisconfigured: () => boolean;
  /** What is wrong and keeps nobody from working, in a word each. */
  readonly warnings: () => readonly string[];
  /** Aborted when the process is asked to stop. */
  readonly draining: AbortSignal;
}

/** Probes give up after a few seconds, and a quick "no" says more than a probe that hangs. */
const READY_TIMEOUT_MS = 2_000;

/**
 * `GET /livez`: this process answers. `GET /readyz`: it can do its work, because the engine answers a read, the disk has
 * room, the engine refuses calls without a token and takes ours, and the process was not told to stop; `warnings` say in a
 * word each what keeps nobody from working. Neither needs a key or says more.
 */
export function addHealthRoutes(router: IRouter, deps: HealthRoutesOptions): void {
  addRoute(router, "/livez", { GET: (_req, res) => void res.json({ status: "ok" }) });
  addRoute(router, "/readyz", {
    GET: async (_req, res) => {
      if (deps.draining.aborted) res.status(503).json({ status: "stopping" });
      // Not in plain words, because everybody can read this.
      else if (deps.isMisconfigured()) res.status(503).json({ status: "misconfigured" });
      else if (!(await engineAnswers(deps.durable))) res.status(503).json({ status: "engine unavailable" });
      else if (!(await deps.canStore())) res.status(503).json({ status: "storage unavailable" });
      else {
        const warnings = deps.warnings();
        res.json({ status: "ready", ...(warnings.length > 0 && { warnings }) });
      }
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

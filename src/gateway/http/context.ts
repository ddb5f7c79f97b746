import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { Audit } from "../../lib/audit.ts";
import type { Logger } from "../../lib/log.ts";
import type { Measures } from "../../lib/measures.ts";
import { httpsForGood } from "../../lib/page-headers.ts";
import { beginState, stateOf } from "./request-state.ts";
import type { Tracing } from "./tracing.ts";

/**
 * Gives every request an id, which goes into the answer and the log, and writes one line when it is over.
 * The line names the route by its template: addresses of decision links are credentials and never logged.
 */
export function requestContext(options: {
  /** Origin of every link. If it is https, every response demands https from then on. */
  readonly publicUrl: string;
  readonly log: Logger;
  /** Default: nothing is measured. */
  readonly measures?: Measures | undefined;
  /** Default: nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** Where handlers write down what was done. */
  readonly audit: Audit;
  readonly newId: () => string;
  /** Aborted when the process is asked to stop: responses then close their connections. */
  readonly draining: AbortSignal;
}): RequestHandler {
  const headers = Object.entries({
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...httpsForGood({ https: options.publicUrl.startsWith("https:") }),
  });
  return (req: Request, res: Response, next: NextFunction) => {
    const startedAt = performance.now();
    const requestId = options.newId();
    const traced = options.tracing?.begin(req);
    beginState(res, { requestId, audit: options.audit, trace: traced?.context });
    res.setHeader("X-Request-Id", requestId);
    for (const [name, value] of headers) res.setHeader(name, value);
    if (options.draining.aborted) res.setHeader("Connection", "close");
    res.on("close", () => {
      const line = {
        requestId,
        method: req.method,
        route: routeOf(req),
        status: res.statusCode,
        caller: stateOf(res).caller?.id,
        approval: stateOf(res).approval,
        ms: Math.round((performance.now() - startedAt) * 10) / 10,
        // The caller went away before the answer was out.
        ...(res.writableFinished ? {} : { aborted: true }),
      };
      options.measures?.observe("http.server.request.duration", line.ms / 1000, {
        "http.route": line.route,
        "http.request.method": line.method,
        "http.response.status_code": line.status,
      });
      traced?.end(line);
      // Probes come every few seconds and say nothing when all is well.
      if (QUIET.includes(line.route) && res.statusCode < 400) options.log.debug(line, "request");
      else options.log.info(line, "request");
    });
    next();
  };
}

export function requestIdOf(res: Response): string {
  return stateOf(res).requestId;
}

/** Names the approval that a request was about, for its line in the log. */
export function noteApproval(res: Response, id: string): void {
  stateOf(res).approval = id;
}

const QUIET: readonly string[] = ["/livez", "/readyz"];

/** The route's template, because addresses contain ids and tokens that must not be logged. */
export function routeOf(req: Request): string {
  const route: unknown = req.route;
  if (typeof route !== "object" || route === null || !("path" in route)) return "none";
  return typeof route.path === "string" ? `${req.baseUrl}${route.path}` : "none";
}

import type { RequestHandler } from "express";

/**
 * Lets pages of these origins use the API with a key that they have (CORS). Other origins get no header. The response
 * names the origin as it was configured, never as it was sent. Cookies are ignored, here as everywhere.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return (req, res, next) => {
    res.vary("Origin");
    const origin = origins.find((each) => each === req.headers.origin);
    if (origin === undefined) return next();
    res.set({ "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED });
    const isPreflight =
      req.method === "OPTIONS" && req.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return next();
    res.set({
      "Access-Control-Allow-Methods": "GET, POST",
      "Access-Control-Allow-Headers": ALLOWED,
      "Access-Control-Max-Age": String(REMEMBERED_S),
    });
    res.status(204).end();
  };
}

/** What programs send to the API, and clients of the Model Context Protocol to `/mcp`. */
const ALLOWED =
  "Authorization, Content-Type, Idempotency-Key, Prefer, Mcp-Method, Mcp-Name, MCP-Protocol-Version";
/** What callers need of our answers' headers, beyond those that every page may read. */
const EXPOSED = "Location, Preference-Applied, Retry-After, WWW-Authenticate, X-Request-Id";
/** An origin that is taken off the list can be felt within minutes. */
const REMEMBERED_S = 600;

import type { IRouter, RequestHandler } from "express";
import { ServiceError } from "../../lib/errors.ts";

type Method = "GET" | "POST";

/**
 * Mounts the handlers of a path. Other methods get 405 with `Allow`; OPTIONS gets the same header; HEAD is GET without a
 * body, so a GET handler must not change anything.
 */
export function addRoute(
  router: IRouter,
  path: string,
  handlers: { readonly [method in Method]?: RequestHandler },
): void {
  const allow = [
    ...(handlers.GET ? ["GET", "HEAD"] : []),
    ...(handlers.POST ? ["POST"] : []),
    "OPTIONS",
  ].join(", ");
  const route = router.route(path);
  if (handlers.GET !== undefined) route.get(handlers.GET);
  if (handlers.POST !== undefined) route.post(handlers.POST);
  route.all((req, res) => {
    res.set("Allow", allow);
    if (req.method !== "OPTIONS")
      throw new ServiceError("METHOD_NOT_ALLOWED", `${req.method} is not supported here: use ${allow}`);
    res.status(204).end();
  });
}

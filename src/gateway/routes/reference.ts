/** The API described by itself: `/openapi.json` for programs, `/docs` and `/problems/…` for people. No key is needed. */
import type { IRouter, Response } from "express";
import { ServiceError } from "../../lib/errors.ts";
import { pageHeaders } from "../../lib/page-headers.ts";
import { addRoute } from "../http/routes.ts";
import type { Reference } from "../pages/reference.ts";

export function addReferenceRoutes(router: IRouter, { publicUrl }: { readonly publicUrl: string }): void {
  const headers = pageHeaders({ https: publicUrl.startsWith("https:") });
  const send = (res: Response, text: string) => void res.set(headers).type("html").send(text);
  // Read and made for the first who asks: few do, and every start would wait for it.
  let made: Promise<Reference> | undefined;
  const reference = () => (made ??= makeReference(publicUrl));

  addRoute(router, "/openapi.json", {
    GET: async (_req, res) => void res.type("json").send((await reference()).document),
  });
  addRoute(router, "/docs", { GET: async (_req, res) => send(res, (await reference()).docs) });
  addRoute(router, "/docs/types", { GET: async (_req, res) => send(res, (await reference()).types) });
  addRoute(router, "/problems", { GET: async (_req, res) => send(res, (await reference()).list) });
  addRoute(router, "/problems/:type", {
    GET: async (req, res) => {
      const text = (await reference()).problems.get(String(req.params["type"]));
      if (text === undefined) throw new ServiceError("NOT_FOUND", "There is no problem of this type");
      send(res, text);
    },
  });
}

async function makeReference(publicUrl: string): Promise<Reference> {
  const pages = await import("../pages/reference.ts");
  return pages.makeReference(publicUrl);
}

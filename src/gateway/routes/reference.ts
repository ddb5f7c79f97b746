/** The API described by itself: `/openapi.json` for programs, `/docs` and `/problems/…` for people. No key is needed. */

import { readFileSync } from "node:fs";
import type { IRouter, Response } from "express";
import { loadAssets } from "../../lib/assets.ts";
import { ERRORS, ServiceError } from "../../lib/errors.ts";
import type { Html } from "../../lib/html.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import { PACKAGE_JSON } from "../../lib/package-root.ts";
import { pageHeaders } from "../../lib/page-headers.ts";
import { renderShell } from "../../lib/shell.ts";
import { loadTemplates } from "../../lib/templates.ts";
import { openApiDocument } from "../../openapi/document.ts";
import { PROBLEM_CATALOGUE, PROBLEM_CODES, problemSlug } from "../../openapi/problem-catalogue.ts";
import { addRoute } from "../http/routes.ts";
import { referenceContent } from "../pages/reference-content.ts";

export function addReferenceRoutes(router: IRouter, { publicUrl }: { readonly publicUrl: string }): void {
  const headers = pageHeaders({ https: publicUrl.startsWith("https:") });
  const send = (res: Response, text: string) => void res.set(headers).type("html").send(text);
  // Made for the first who asks: few do, and every start would wait for it.
  let made: Reference | undefined;
  const reference = () => (made ??= makeReference(publicUrl));

  addRoute(router, "/openapi.json", { GET: (_req, res) => void res.type("json").send(reference().document) });
  addRoute(router, "/docs", { GET: (_req, res) => send(res, reference().docs) });
  addRoute(router, "/problems", { GET: (_req, res) => send(res, reference().list) });
  addRoute(router, "/problems/:type", {
    GET: (req, res) => {
      const text = reference().problems.get(String(req.params["type"]));
      if (text === undefined) throw new ServiceError("NOT_FOUND", "There is no problem of this type");
      send(res, text);
    },
  });
}

/** Texts that do not change while the process runs. */
interface Reference {
  /** The OpenAPI document, as JSON. */
  readonly document: string;
  /** Pages, as HTML. */
  readonly docs: string;
  readonly list: string;
  /** By the last part of their address. */
  readonly problems: ReadonlyMap<string, string>;
}

function makeReference(publicUrl: string): Reference {
  const document = openApiDocument({ url: publicUrl, version: packageVersion() });
  const templates = loadTemplates("reference", "partials");
  const assets = loadAssets();
  const page = (title: string, body: Html): string =>
    renderShell(
      { templates, assets },
      { title, body, note: "API", width: "wide", homeHref: "/", footer: FOOTER },
    ).toString();
  const problems = PROBLEM_CODES.map((code) => {
    const { status, title, retryable } = ERRORS[code];
    const { when, remedy } = PROBLEM_CATALOGUE[code];
    return {
      slug: problemSlug(code),
      title,
      status,
      retryable,
      when: markdownForPage(when),
      remedy: markdownForPage(remedy),
    };
  });
  return {
    document: JSON.stringify(document, null, 2),
    docs: page("API reference", templates.html("reference/api", referenceContent(document))),
    list: page("Problems", templates.html("reference/problems", { problems })),
    problems: new Map(
      problems.map((problem) => [
        problem.slug,
        page(problem.title, templates.html("reference/problem", { problem })),
      ]),
    ),
  };
}

const FOOTER = "The same, for programs that make clients: /openapi.json";

function packageVersion(): string {
  const text = readFileSync(PACKAGE_JSON, "utf8");
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}

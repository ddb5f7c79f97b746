/** The texts that describe the API: the OpenAPI document, the pages of docs, and a page for each problem. */
import { loadAssets } from "../../lib/assets.ts";
import { ERRORS } from "../../lib/errors.ts";
import type { Html } from "../../lib/html.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import { packageVersion } from "../../lib/package-root.ts";
import { renderShell } from "../../lib/shell.ts";
import { loadTemplates } from "../../lib/templates.ts";
import { openApiDocument } from "../../openapi/document.ts";
import { PROBLEM_CATALOGUE, PROBLEM_CODES, problemSlug } from "../../openapi/problem-catalogue.ts";
import { callsIn, typesIn } from "./reference-content.ts";

/** Texts that do not change while the process runs. */
export interface Reference {
  /** The OpenAPI document, as JSON. */
  readonly document: string;
  /** Pages, as HTML. */
  readonly docs: string;
  readonly types: string;
  readonly list: string;
  /** By the last part of their address. */
  readonly problems: ReadonlyMap<string, string>;
}

export function makeReference(publicUrl: string): Reference {
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
    docs: page("API reference", templates.html("reference/api", { groups: callsIn(document, publicUrl) })),
    types: page("Types", templates.html("reference/types", { schemas: typesIn(document) })),
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

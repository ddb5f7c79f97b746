/** What the page of docs shows of the OpenAPI document, ready for its template. */
import type { Html } from "../../lib/html.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import type { Json } from "../../openapi/document.ts";
import type { Operation } from "../../openapi/operation.ts";
import { OPERATIONS } from "../../openapi/operations.ts";

interface ShownOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: Html;
  readonly scope: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly place: string;
    readonly description: Html;
  }[];
  readonly body: string;
  readonly example: string;
  readonly responses: readonly {
    readonly status: string;
    readonly description: string;
    readonly schema: string;
  }[];
}

export function referenceContent(document: Json): {
  readonly groups: readonly { readonly name: string; readonly operations: readonly ShownOperation[] }[];
  readonly schemas: readonly { readonly name: string; readonly text: string }[];
} {
  const names = [...new Set(OPERATIONS.map(({ group }) => group))];
  const { schemas } = document["components"] as { readonly schemas: Readonly<Record<string, Json>> };
  return {
    groups: names.map((name) => ({
      name,
      operations: OPERATIONS.filter(({ group }) => group === name).map(shown),
    })),
    schemas: Object.entries(schemas).map(([name, schema]) => ({
      name,
      text: JSON.stringify(schema, null, 2),
    })),
  };
}

function shown({
  id,
  method,
  path,
  summary,
  description,
  scope,
  parameters,
  body,
  responses,
}: Operation): ShownOperation {
  return {
    id,
    method: method.toUpperCase(),
    path,
    summary,
    description: markdownForPage(description ?? ""),
    scope: scope === "none" ? "" : [scope].flat().join(" or "),
    parameters: (parameters ?? []).map((parameter) => ({
      name: parameter.name,
      place: parameter.in,
      description: markdownForPage(parameter.description),
    })),
    body: body === undefined ? "" : nameOf(body.schema.meta()),
    example: body?.example === undefined ? "" : JSON.stringify(body.example, null, 2),
    responses: Object.entries(responses).map(([status, response]) => ({
      status,
      description: response.description,
      schema: response.schema === undefined ? "" : nameOf(response.schema.meta()),
    })),
  };
}

function nameOf(meta: Readonly<Record<string, unknown>> | undefined): string {
  return typeof meta?.["id"] === "string" ? meta["id"] : "any JSON";
}

/** What the pages of docs show of the OpenAPI document, ready for their templates. */
import { ERRORS } from "../../lib/errors.ts";
import type { Html } from "../../lib/html.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import type { Json } from "../../openapi/document.ts";
import { type Body, type Operation, problemsOf } from "../../openapi/operation.ts";
import { OPERATIONS } from "../../openapi/operations.ts";
import { problemSlug } from "../../openapi/problem-catalogue.ts";
import { curlCommand } from "./curl-command.ts";
import { type ShownField, shownType, type TypePart, typeOf } from "./schema-fields.ts";

interface Row {
  readonly name: string;
  /** A word beside the name; empty without one. */
  readonly note: string;
  readonly type: readonly TypePart[];
  readonly meaning: Html;
  readonly limits: string;
}

interface ShownOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: Html;
  readonly scope: string;
  readonly parameters: readonly Row[];
  /** Name of the body's type; empty without a body. */
  readonly body: string;
  readonly fields: readonly Row[];
  readonly curl: string;
  readonly responses: readonly {
    readonly status: string;
    readonly description: string;
    readonly type: readonly TypePart[];
  }[];
  readonly problems: readonly { readonly slug: string; readonly status: number; readonly title: string }[];
}

interface ShownSchema {
  readonly name: string;
  readonly meaning: Html;
  readonly is: readonly TypePart[];
  readonly limits: string;
  readonly fields: readonly Row[];
}

interface Group {
  readonly name: string;
  readonly operations: readonly ShownOperation[];
}

/** @param origin that programs call */
export function callsIn(document: Json, origin: string): Group[] {
  const names = [...new Set(OPERATIONS.map(({ group }) => group))];
  const shown = (operation: Operation) =>
    shownOperation(operation, { document, schemas: schemasIn(document), origin });
  return names.map((name) => ({
    name,
    operations: OPERATIONS.filter(({ group }) => group === name).map(shown),
  }));
}

export function typesIn(document: Json): ShownSchema[] {
  return Object.entries(schemasIn(document)).map(([name, schema]) => {
    const { meaning, is, limits, fields } = shownType(schema);
    return { name, meaning: markdownForPage(meaning), is, limits, fields: fields.map(rowOf) };
  });
}

function schemasIn(document: Json): Readonly<Record<string, Json>> {
  return (document["components"] as { readonly schemas: Readonly<Record<string, Json>> }).schemas;
}

interface Described {
  readonly document: Json;
  readonly schemas: Readonly<Record<string, Json>>;
  readonly origin: string;
}

function shownOperation(operation: Operation, { document, schemas, origin }: Described): ShownOperation {
  const { id, method, path, summary, description, scope, body, responses } = operation;
  const paths = document["paths"] as Readonly<Record<string, Readonly<Record<string, Json>>>>;
  const parameters = (paths[path]?.[method]?.["parameters"] ?? []) as readonly Json[];
  const bodyName = body === undefined ? "" : nameOf(body.schema);
  return {
    id,
    method: method.toUpperCase(),
    path,
    summary,
    description: markdownForPage(description ?? ""),
    scope: scope === "none" ? "" : [scope].flat().join(" or "),
    parameters: parameters.map(parameterRow),
    body: body === undefined ? "" : bodyName === "" ? "any JSON" : bodyName,
    fields: shownType(schemas[bodyName] ?? {}).fields.map(rowOf),
    curl: curlCommand(operation, origin),
    responses: Object.entries(responses).map(([status, response]) => ({
      status,
      description: response.description,
      type: responseType(response.schema),
    })),
    problems: problemsOf(operation)
      .map((code) => ({ slug: problemSlug(code), status: ERRORS[code].status, title: ERRORS[code].title }))
      .sort((a, b) => a.status - b.status),
  };
}

function parameterRow({ name, in: place, required, description, schema }: Json): Row {
  const { is, limits } = shownType((schema ?? {}) as Json);
  return {
    name: String(name),
    note: required === true ? `${String(place)}, required` : String(place),
    type: is,
    meaning: markdownForPage(String(description)),
    limits,
  };
}

function rowOf({ name, required, type, meaning, limits }: ShownField): Row {
  return { name, note: required ? "required" : "", type, meaning: markdownForPage(meaning), limits };
}

function responseType(schema: Body["schema"] | undefined): TypePart[] {
  if (schema === undefined) return [];
  const name = nameOf(schema);
  return name === "" ? typeOf({}) : [{ text: name, name }];
}

function nameOf(schema: Body["schema"]): string {
  const id = schema.meta()?.["id"];
  return typeof id === "string" ? id : "";
}

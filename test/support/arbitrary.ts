/** Requests for an operation as fast-check draws them: as described, nearly so, and not at all. */
import * as fc from "fast-check";
import type { Json } from "../../src/openapi/document.ts";

export interface Drawn {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

interface Described {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: Json;
    readonly example?: string | number;
  }[];
  readonly body: { readonly schema: Json; readonly example?: unknown } | undefined;
}

/** All operations of a document, as fetched from a service. */
export function operationsIn(document: Json): readonly Described[] {
  const paths = document["paths"] as Record<string, Record<string, Json>>;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const content = (operation["requestBody"] as Json | undefined)?.["content"] as
        | Record<string, Json>
        | undefined;
      const media = content === undefined ? undefined : Object.values(content)[0];
      return {
        method: method.toUpperCase(),
        path,
        parameters: (operation["parameters"] ?? []) as Described["parameters"],
        body: media && { schema: media["schema"] as Json, example: media["example"] },
      };
    }),
  );
}

export function requestsFor(operation: Described, document: Json): fc.Arbitrary<Drawn> {
  const { schemas } = document["components"] as { readonly schemas: Record<string, Json> };
  const place = (where: string) => operation.parameters.filter((parameter) => parameter.in === where);
  const texts = (where: string) =>
    fc.record(
      Object.fromEntries(
        place(where).map(({ name, schema, example }) => [
          name,
          fc.oneof(valueOf(schema, schemas).map(String), fc.constant(String(example ?? "x")), ABSURD_TEXT),
        ]),
      ),
      { requiredKeys: where === "path" ? place(where).map(({ name }) => name) : [] },
    ) as fc.Arbitrary<Record<string, string>>;
  const stray = fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(fc.string({ maxLength: 20 }), ABSURD_TEXT, { maxKeys: 3 }) },
  );
  return fc
    .record({
      path: texts("path"),
      query: texts("query"),
      header: seldom(texts("header")),
      stray,
      body: bodies(operation, schemas),
    })
    .map(({ path, query, header, stray: more, body }) => {
      const pathname = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        segment(path[name] ?? "x"),
      );
      const search = new URLSearchParams({ ...query, ...more }).toString();
      return {
        method: operation.method,
        path: search === "" ? pathname : `${pathname}?${search}`,
        headers: {
          ...Object.fromEntries(Object.entries(header).map(([name, text]) => [name, headerText(text)])),
          ...body.headers,
        },
        body: operation.method === "GET" ? undefined : body.text,
      };
    });
}

/** Nothing most of the time: one absurd header is enough to have everything else refused unread. */
function seldom(texts: fc.Arbitrary<Record<string, string>>): fc.Arbitrary<Record<string, string>> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: texts });
}

/** As one part of a path: what would be another path, or none, is kept out, because it is another operation's. */
function segment(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  return encoded === "" || encoded === "." || encoded === ".." ? "x" : encoded.slice(0, 4_000);
}

function headerText(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, "").slice(0, 500) || "x";
}

const ABSURD_TEXT = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "../../etc/passwd",
    "a:b:c",
    ":0",
    "\u0000",
    "\u202Eevil",
    "%00",
    "%2e%2e%2f",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "${7*7}",
    "-1",
    "1e309",
    "NaN",
    "9".repeat(400),
    "x".repeat(3_000),
    "\ud83d\ude00".repeat(50),
  ),
);

interface DrawnBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | undefined;
}

function bodies({ body }: Described, schemas: Record<string, Json>): fc.Arbitrary<DrawnBody> {
  const asJson = (value: unknown): DrawnBody => ({
    headers: { "content-type": "application/json" },
    text: JSON.stringify(value),
  });
  const wild = fc.oneof(
    fc.constant({ headers: {}, text: undefined }),
    fc.json({ maxDepth: 6 }).map((text) => ({ headers: { "content-type": "application/json" }, text })),
    fc.jsonValue({ maxDepth: 3 }).map(asJson),
    fc.record({
      headers: fc.record({
        "content-type": fc.constantFrom(
          "text/plain",
          "application/json; charset=utf-16",
          "application/x-www-form-urlencoded",
          "multipart/form-data",
          "application/json",
          "",
        ),
      }),
      text: fc.string({ unit: "binary", maxLength: 200 }),
    }),
    fc.constant({ headers: { "content-type": "application/json", "content-encoding": "gzip" }, text: "x" }),
    fc.integer({ min: 1, max: 200_000 }).map((depth) => ({
      headers: { "content-type": "application/json" },
      text: "[".repeat(depth),
    })),
    fc.integer({ min: 60_000, max: 200_000 }).map((length) => asJson("x".repeat(length))),
    fc
      .constantFrom('{"a":1,"a":2}', '{"__proto__":{"x":1}}', '{"a":1e999}', "\ufeff{}", '"\\ud800"', "nul")
      .map((text) => ({
        headers: { "content-type": "application/json" },
        text,
      })),
  );
  if (body === undefined) return wild;
  const good = valueOf(body.schema, schemas);
  const base =
    body.example === undefined ? good : fc.oneof(good, { weight: 2, arbitrary: fc.constant(body.example) });
  const nearly = fc
    .tuple(base, fc.nat(), fc.oneof(fc.jsonValue({ maxDepth: 2 }), ABSURD_TEXT))
    .map(([value, at, other]) => mutated(value, at, other));
  return fc.oneof(
    { weight: 3, arbitrary: base.map(asJson) },
    { weight: 3, arbitrary: nearly.map(asJson) },
    { weight: 2, arbitrary: wild },
  );
}

/** The value with one member put in the place of another, or added. */
function mutated(value: unknown, at: number, other: unknown): unknown {
  if (typeof value !== "object" || value === null) return other;
  const names = Object.keys(value);
  const name = names[at % (names.length + 1)];
  if (name === undefined) return Array.isArray(value) ? [...value, other] : { ...value, surplus: other };
  if (at % 3 === 0) {
    const inner = mutated((value as Record<string, unknown>)[name], Math.floor(at / 3), other);
    return Array.isArray(value) ? value.with(Number(name), inner) : { ...value, [name]: inner };
  }
  return Array.isArray(value) ? value.with(Number(name), other) : { ...value, [name]: other };
}

function valueOf(schema: Json, schemas: Record<string, Json>): fc.Arbitrary<unknown> {
  const { $ref, const: only, enum: values, anyOf, type, examples } = schema;
  if (typeof $ref === "string")
    return valueOf(schemas[$ref.replace("#/components/schemas/", "")] ?? {}, schemas);
  if (only !== undefined) return fc.constant(only);
  if (Array.isArray(examples)) return fc.constantFrom(...(examples as unknown[]));
  if (Array.isArray(values)) return fc.constantFrom(...(values as unknown[]));
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((one) => valueOf(one as Json, schemas)));
  switch (type) {
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({
        min: Number(schema["minimum"] ?? -5),
        max: Math.min(60, Number(schema["maximum"] ?? 60)),
      });
    case "number":
      return fc.double();
    case "string":
      return fc.string({
        unit: "grapheme",
        minLength: Number(schema["minLength"] ?? 0),
        maxLength: Math.min(80, Number(schema["maxLength"] ?? 80)),
      });
    case "array":
      return fc.array(valueOf(schema["items"] as Json, schemas), {
        minLength: Number(schema["minItems"] ?? 0),
        maxLength: 4,
      });
    case "object":
      return objectOf(schema, schemas);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(schema: Json, schemas: Record<string, Json>): fc.Arbitrary<unknown> {
  const properties = schema["properties"] as Record<string, Json> | undefined;
  if (properties === undefined)
    return fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  const members = Object.entries(properties).map(([name, member]) => [name, valueOf(member, schemas)]);
  return fc.record(Object.fromEntries(members) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: (schema["required"] ?? []) as string[],
  });
}

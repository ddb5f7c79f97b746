import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ERRORS } from "../../../src/lib/errors.ts";
import { OPERATIONS } from "../../../src/openapi/operations.ts";
import {
  PROBLEM_CATALOGUE,
  PROBLEM_CODES,
  problemSlug,
  problemsMarkdown,
} from "../../../src/openapi/problem-catalogue.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";

let gateway: TestGateway;
let document: { readonly components: { readonly schemas: Record<string, object> } };

beforeAll(async () => {
  gateway = await startTestGateway();
  document = (await gateway.request("/openapi.json")).body as typeof document;
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Every object in the document. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const member of Object.values(value)) yield* objectsIn(member);
}

describe("GET /openapi.json", () => {
  test("is OpenAPI 3.1 with the service's own address and version", () => {
    const { version } = JSON.parse(
      readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
    ) as {
      version: string;
    };
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { title: "Countersign", version },
      servers: [{ url: gateway.publicUrl }],
    });
  });

  test("refers only to what is in it, and names every schema of its own once", () => {
    const { schemas } = document.components;
    const refs = [...objectsIn(document)].flatMap(({ $ref }) => (typeof $ref === "string" ? [$ref] : []));
    expect(refs.length).toBeGreaterThan(20);
    for (const ref of refs)
      expect(Object.keys(schemas), ref).toContain(ref.replace("#/components/schemas/", ""));
    const used = new Set(refs.map((ref) => ref.replace("#/components/schemas/", "")));
    expect([...used].sort()).toEqual(Object.keys(schemas).sort());
  });

  // What each of these did to a client that others' programs make is in docs/behaviour.md; four of them are made and
  // talk in test/e2e/generated-clients.test.ts.
  test("says nothing that makers of clients take for more than it is", () => {
    const schemas = [...objectsIn(document)];
    const named = Object.values(document.components.schemas);
    for (const schema of schemas) {
      const text = JSON.stringify(schema).slice(0, 200);
      const { format, pattern, type, minimum, maximum } = schema;
      // Of a schema, or else of a member with that name.
      if (typeof pattern === "string") {
        expect(format, text).toBeUndefined();
        expect(pattern, text).not.toMatch(/\(\?[=!<]/);
      }
      if (type === "integer") {
        for (const bound of [minimum, maximum])
          if (bound !== undefined) expect(Math.abs(Number(bound)), text).toBeLessThan(2 ** 31);
      }
      for (const word of ["default", "const", "anyOf", "allOf", "propertyNames", "nullable"])
        expect(Object.keys(schema), text).not.toContain(word);
      // Of an object with members, only one with a name becomes a type with one.
      if (Array.isArray(schema["oneOf"])) {
        for (const one of schema["oneOf"] as Record<string, unknown>[])
          expect(one["properties"]).toBeUndefined();
      }
      if (type === "object" && schema["properties"] !== undefined) expect(named, text).toContainEqual(schema);
    }
  });

  test("has one content type for each body and answer, and none that is a range", () => {
    const contents = [...objectsIn(document)].flatMap(({ content }) =>
      typeof content === "object" && content !== null ? [Object.keys(content)] : [],
    );
    expect(contents.length).toBeGreaterThan(50);
    for (const types of contents) {
      expect(types).toHaveLength(1);
      expect(types[0]).toMatch(/^application\/(json|problem\+json|octet-stream)$/);
    }
  });

  test("tells the alternatives of a union apart by a member, each value of it once", () => {
    const unions = [...objectsIn(document)].filter(({ discriminator }) => discriminator !== undefined);
    expect(unions.length).toBe(5);
    for (const { oneOf, discriminator } of unions) {
      const { propertyName, mapping } = discriminator as {
        propertyName: string;
        mapping: Record<string, string>;
      };
      const told = (oneOf as { $ref: string }[]).flatMap(({ $ref }) => {
        const schema = document.components.schemas[$ref.replace("#/components/schemas/", "")] as {
          required: string[];
          properties: Record<string, { enum: string[] }>;
        };
        expect(schema.required).toContain(propertyName);
        return (schema.properties[propertyName]?.enum ?? []).map((value) => [value, $ref]);
      });
      expect(told.length).toBeGreaterThan(1);
      expect(Object.fromEntries(told)).toEqual(mapping);
      expect(told).toHaveLength(Object.keys(mapping).length);
    }
  });

  test("has examples that its own schemas accept", () => {
    const examples = OPERATIONS.flatMap(({ id, body }) =>
      body?.example === undefined ? [] : [{ id, body }],
    );
    expect(examples.length).toBeGreaterThan(3);
    for (const { id, body } of examples) expect(body.schema.safeParse(body.example).success, id).toBe(true);
  });

  test("has schemas that a reader of JSON Schema accepts, and that refuse what the service refuses", () => {
    const { schemas } = document.components;
    const read = (name: string) =>
      z.fromJSONSchema({
        ...JSON.parse(JSON.stringify(schemas[name]).replaceAll("#/components/schemas/", "#/$defs/")),
        $defs: JSON.parse(JSON.stringify(schemas).replaceAll("#/components/schemas/", "#/$defs/")) as never,
      });
    for (const name of Object.keys(schemas)) expect(() => read(name), name).not.toThrow();
    const request = read("ApprovalRequest");
    const good = { title: "Order", approvers: ["ana@example.com"] };
    expect(request.safeParse(good).success).toBe(true);
    for (const bad of [
      {},
      { ...good, titel: "x" },
      { ...good, approvers: [] },
      { ...good, require: "some" },
    ]) {
      expect(request.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
    }
  });
});

describe("the pages of docs", () => {
  test("show every operation and schema, without scripts or anything from elsewhere", async () => {
    const page = await gateway.request("/docs", { headers: { accept: "text/html" } });
    const text = String(page.body);
    for (const { id, path } of OPERATIONS) {
      expect(text).toContain(`id="${id}"`);
      expect(text).toContain(path);
    }
    expect(text).not.toMatch(/<script|\son\w+=|src="(?!\/)|href="(?![/#])/u);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const anchors = [...text.matchAll(/href="#([^"]+)"/gu)].map(([, anchor]) => anchor!);
    for (const anchor of anchors) expect(text, anchor).toContain(`id="${anchor}"`);
  });

  test("explain every type of problem at its own address", async () => {
    for (const code of PROBLEM_CODES) {
      const page = await gateway.request(`/problems/${problemSlug(code)}`);
      expect(page.status, code).toBe(200);
      expect(page.body).toContain(`${ERRORS[code].status} ${ERRORS[code].title.replaceAll("'", "&#39;")}`);
    }
    expect((await gateway.request("/problems/no-such")).status).toBe(404);
    expect((await gateway.request("/problems")).body).toContain("/problems/conflict");
  });

  test("docs/problems.md says the same, for every code there is", () => {
    expect(Object.keys(PROBLEM_CATALOGUE).sort()).toEqual(Object.keys(ERRORS).sort());
    const file = readFileSync(new URL("../../../docs/problems.md", import.meta.url), "utf8");
    expect(file).toBe(problemsMarkdown());
  });
});

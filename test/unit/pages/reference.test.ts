/** The pages that describe the API: each call with its fields and a command, each type with its fields, and no dead link. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { z } from "zod";
import { curlCommand } from "../../../src/gateway/pages/curl-command.ts";
import { makeReference } from "../../../src/gateway/pages/reference.ts";
import { shownType, typeOf } from "../../../src/gateway/pages/schema-fields.ts";
import type { Json } from "../../../src/openapi/document.ts";
import type { Operation } from "../../../src/openapi/operation.ts";
import { OPERATIONS } from "../../../src/openapi/operations.ts";

const ORIGIN = "https://approvals.example.com";
const reference = makeReference(ORIGIN);
const { components } = JSON.parse(reference.document) as {
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
};

test("the page of calls has each of them, and the page of types each type", () => {
  for (const { id } of OPERATIONS)
    expect(reference.docs).toContain(`<section class="record call" id="${id}"`);
  for (const name of Object.keys(components.schemas))
    expect(reference.types).toContain(`<section class="record call" id="${name}"`);
});

test("every link of these pages leads to a page, and to something on it", () => {
  const pages = new Map([
    ["/docs", reference.docs],
    ["/docs/types", reference.types],
    ["/problems", reference.list],
    ["/openapi.json", ""],
    ["/", ""],
    ...[...reference.problems].map(([slug, page]) => [`/problems/${slug}`, page] as const),
  ]);
  let seen = 0;
  for (const [path, page] of pages) {
    for (const [, href = ""] of page.matchAll(/<a [^>]*href="([^"]*)"/gu)) {
      const [to = "", anchor] = href.split("#");
      const target = pages.get(to === "" ? path : to);
      expect(target, `${path} → ${href}`).toBeDefined();
      if (anchor !== undefined) expect(target, `${path} → ${href}`).toContain(`id="${anchor}"`);
      seen += 1;
    }
  }
  expect(seen).toBeGreaterThan(200);
});

/** What a shell gives to curl. */
function argumentsOf(command: string): string[] {
  const script = `curl() { for each in "$@"; do printf '%s\\0' "$each"; done; }\n${command}`;
  const env = { ...process.env, COUNTERSIGN_KEY: "apv_key" };
  return execFileSync("sh", ["-c", script], { env, encoding: "utf8" }).split("\0").slice(0, -1);
}

test.each(OPERATIONS.map((operation) => [operation.id, operation] as const))(
  "the command of %s gives curl the address, the key and the example",
  (_, operation) => {
    const [url = "", ...options] = argumentsOf(curlCommand(operation, ORIGIN));
    expect(url.startsWith(`${ORIGIN}/`)).toBe(true);
    expect(url).not.toMatch(/[{} ]/u);
    expect(options.includes("Authorization: Bearer apv_key")).toBe(operation.scope !== "none");
    const data = options[options.indexOf("-d") + 1];
    if (options.includes("-d")) expect(JSON.parse(data ?? "")).toEqual(operation.body?.example);
    else expect(options.includes("-X")).toBe(operation.method === "post");
  },
);

test("the command that begins a workflow, pasted as it is, begins one that this service runs", () => {
  const begin = OPERATIONS.find(({ id }) => id === "beginWorkflow")!;
  const { searchParams } = new URL(argumentsOf(curlCommand(begin, ORIGIN))[0] ?? "");
  // No worker takes what is for a group that the reader does not have.
  expect(searchParams.get("func")).toBe("greet");
  expect(searchParams.has("target")).toBe(false);
});

test("quotes, dollars and backslashes in an example reach curl as they are", () => {
  const example = { reason: `It's "$HOME" \`now\` \\ !` };
  const operation: Operation = {
    id: "try",
    method: "post",
    path: "/try/{id}",
    group: "Operations",
    summary: "Try",
    scope: "admin",
    parameters: [
      { name: "id", in: "path", schema: z.string(), description: "", example: "a b/c" },
      { name: "at", in: "query", schema: z.string(), description: "", example: "1&2" },
      { name: "left-out", in: "query", schema: z.string(), description: "" },
      { name: "Prefer", in: "header", schema: z.string(), description: "", example: "wait=5" },
    ],
    body: { schema: z.unknown(), required: true, example },
    responses: {},
  };
  const [url, ...options] = argumentsOf(curlCommand(operation, ORIGIN));
  expect(url).toBe(`${ORIGIN}/try/a%20b%2Fc?at=1%262`);
  expect(options).toContain("Prefer: wait=5");
  expect(JSON.parse(options.at(-1) ?? "")).toEqual(example);
});

test.each<[string, Json, string]>([
  ["a type with a name", { $ref: "#/components/schemas/Person" }, "Person"],
  ["a list", { type: "array", items: { type: "string" } }, "list of string"],
  ["a list of anything", { type: "array" }, "list of any JSON"],
  ["values", { enum: ["any", "all"] }, `"any" or "all"`],
  ["one value", { const: 1 }, "1"],
  ["alternatives", { oneOf: [{ type: "string" }, { $ref: "#/x/Person" }] }, "string or Person"],
  ["a format", { type: "string", format: "date-time" }, "string (date-time)"],
  ["a map", { type: "object", additionalProperties: { type: "integer" } }, "object of integer"],
  ["several kinds", { type: ["string", "null"] }, "string or null"],
  ["no schema", {}, "any JSON"],
])("%s is shown as a reader would say it", (_, schema, words) => {
  expect(
    typeOf(schema)
      .map(({ text }) => text)
      .join(""),
  ).toBe(words);
});

test("a type shows its members, those in place below them, and their limits", () => {
  const { fields, is } = shownType({
    type: "object",
    required: ["id"],
    properties: {
      id: { type: "string", minLength: 1, maxLength: 2000, description: "The id." },
      links: { type: "object", properties: { self: { type: "string" } }, required: ["self"] },
      at: { type: "integer", minimum: 0, maximum: 9007199254740991 },
      tags: { type: "array", maxItems: 5, items: { type: "string", maxLength: 20 } },
    },
  });
  expect(is).toEqual([]);
  expect(fields.map(({ name, required, limits }) => [name, required, limits])).toEqual([
    ["id", true, "1 to 2,000 characters"],
    ["links", false, ""],
    ["links.self", true, ""],
    ["at", false, ""],
    ["tags", false, "at most 5 items; at most 20 characters each"],
  ]);
});

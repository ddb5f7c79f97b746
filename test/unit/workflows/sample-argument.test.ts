import { describe, expect, test } from "vitest";
import { z } from "zod";
import { sampleArgument } from "../../../src/workflows/sample-argument.ts";

describe("sampleArgument()", () => {
  test.each([
    [
      "what init writes",
      z.object({
        item: z.string().min(1),
        euros: z.number().positive(),
        approvers: z.array(z.email()).min(1),
      }),
      { item: "example", euros: 1, approvers: ["ana@example.com"] },
    ],
    ["a text", z.string(), "example"],
    ["a long text", z.string().min(10), "example..."],
    ["a short text", z.string().max(3), "exa"],
    ["a number above 5", z.number().gt(5), 6],
    ["a number from 2.5 on", z.number().min(2.5), 3],
    ["a fraction", z.number().max(0.5), 0.5],
    ["a multiple", z.int().min(8).multipleOf(5), 10],
    ["a choice", z.enum(["red", "blue"]), "red"],
    ["a literal", z.literal(7), 7],
    ["a union", z.union([z.boolean(), z.string()]), true],
    ["what may be left out", z.object({ a: z.string().optional() }), {}],
    ["what may be null", z.null(), null],
    ["a preset", z.string().default("x"), "x"],
    ["a URL", z.url(), "https://example.com/"],
    ["a day", z.iso.date(), "2030-01-31"],
    ["an instant", z.iso.datetime(), "2030-01-31T09:00:00Z"],
    ["a uuid", z.uuid(), "7d444840-9dc0-41d1-b245-5ffdce74fad2"],
    ["objects in objects", z.object({ a: z.object({ b: z.boolean() }) }), { a: { b: true } }],
  ])("makes one of %s", async (_what, input, value) => {
    expect(await sampleArgument({ input })).toEqual({ value });
  });

  test("makes one of no schema", async () => {
    expect(await sampleArgument({})).toEqual({ value: "hello" });
  });

  test.each([
    ["a pattern", z.string().regex(/^[0-9]{4}$/u)],
    ["a rule that no schema tells", z.string().refine((text) => text === "abc")],
    [
      "a schema that throws",
      z.string().transform(() => {
        throw new Error("no database");
      }),
    ],
    ["more items than anybody pastes", z.array(z.string()).min(100)],
    ["a negative number", z.number().negative().min(-1).max(-0.5).multipleOf(2)],
    ["a schema that contains itself", endless()],
  ])("makes none of %s", async (_what, input) => {
    expect(await sampleArgument({ input })).toBeUndefined();
  });
});

function endless(): z.ZodType {
  const node: z.ZodType = z.object({
    get next() {
      return node;
    },
  });
  return node;
}

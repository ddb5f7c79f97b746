import { describe, expect, test } from "vitest";
import { z } from "zod";
import { checkArgument } from "../../../src/workflows/argument.ts";
import { createCatalogue } from "../../../src/workflows/catalogue.ts";
import type { StandardSchema } from "../../../src/workflows/standard-schema.ts";
import { defineWorkflow } from "../../../worker/authoring/index.ts";

const order = z.strictObject({
  item: z.string(),
  lines: z.array(z.object({ price: z.number() })).default([]),
});

/** A schema of no library in particular: paths as objects, a promise, a function. */
const byHand = Object.assign(() => {}, {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value: unknown) =>
      value === "good" ? { value: "better" } : { issues: [{ message: "is bad", path: [{ key: "a" }, 0] }] },
  },
}) as unknown as StandardSchema<unknown, string>;

describe("checkArgument()", () => {
  test("answers what the schema makes of the argument", async () => {
    expect(await checkArgument({ input: order }, { item: "x" }, "body")).toEqual({
      ok: true,
      value: { item: "x", lines: [] },
    });
    expect(await checkArgument({ input: byHand }, "good", "body")).toEqual({ ok: true, value: "better" });
    expect(await checkArgument({}, 1, "body")).toEqual({ ok: true, value: 1 });
  });

  test("names each field that is wrong, and the argument itself", async () => {
    const fields = async (input: StandardSchema, value: unknown) => {
      const checked = await checkArgument({ input }, value, "body");
      return checked.ok ? [] : checked.problems.map(({ field }) => field);
    };
    expect(await fields(order, { lines: [{ price: "1" }], more: 1 })).toEqual([
      "body.item",
      "body.lines[0].price",
      "body",
    ]);
    expect(await fields(order, undefined)).toEqual(["body"]);
    expect(await fields(byHand, "bad")).toEqual(["body.a[0]"]);
  });

  test("stays small, however much is wrong", async () => {
    const checked = await checkArgument(
      { input: z.array(z.string()) },
      Array.from({ length: 500 }, () => 1),
      "body",
    );
    expect(checked.ok ? [] : checked.problems).toHaveLength(20);
    const silent = { "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [] }) } } as const;
    expect(await checkArgument({ input: silent }, 1, "body")).toMatchObject({
      ok: false,
      problems: [{ field: "body" }],
    });
  });
});

describe("createCatalogue()", () => {
  test("lists by name and version, with the argument's JSON Schema where there is one", () => {
    const { listed } = createCatalogue([
      { name: "b", version: 10, input: z.object({ n: z.number() }) },
      { name: "b", version: 9, input: byHand },
      { name: "a", version: 1, input: z.string().transform(Number) },
      { name: "c", version: 1, input: z.bigint() },
    ]);
    expect(listed).toEqual([
      { name: "a", version: 1, argument: expect.objectContaining({ type: "string" }) },
      { name: "b", version: 9, argument: null },
      {
        name: "b",
        version: 10,
        argument: expect.objectContaining({ type: "object", required: ["n"] }),
      },
      { name: "c", version: 1, argument: null },
    ]);
  });
});

describe("defineWorkflow()", () => {
  test("answers a plain frozen object, of version 1 unless another is given", () => {
    const made = defineWorkflow({ name: "buy", input: order, *run() {} });
    expect(made).toMatchObject({ kind: "countersign.workflow", name: "buy", version: 1, input: order });
    expect(Object.isFrozen(made)).toBe(true);
    expect(defineWorkflow({ name: "buy", version: 2, *run() {} })).not.toHaveProperty("input");
  });

  test("names every member that is wrong", () => {
    const wrong = { name: "approval", version: 1.5, input: {}, run: () => {} } as never;
    expect(() => defineWorkflow(wrong)).toThrow(
      /Cannot define a workflow: name must be another.*; version must be.*; input must be.*; run must be/u,
    );
  });
});

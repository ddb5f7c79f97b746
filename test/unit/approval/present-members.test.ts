import { expect, test, vi } from "vitest";
import { z } from "zod";
import { parsePresent } from "../../../src/approval/present-members.ts";
import { approvalRequestSchema, storedRequestSchema } from "../../../src/approval/schema.ts";
import { randomFrom, seeds } from "../../support/seeds.ts";

const members = {
  title: "Order 40 laptops",
  summary: "For the new office",
  details: [{ label: "Amount", value: "41 200 EUR" }],
  requester: { email: "kim@example.com", name: "Kim" },
  approvers: ["ana@example.com", { email: "bo@example.com" }],
  require: 1,
  deadline: "P5D",
  onDeadline: "escalate",
  escalateTo: ["eve@example.com"],
  reminders: "off",
  follow: true,
  undo: "PT10M",
  metadata: { order: "4711" },
  unknown: 1,
  choices: 7,
  callbackUrl: "nowhere",
};

test.each(seeds(3))("says of any request what the whole schema says (seed %i)", (seed) => {
  const random = randomFrom(seed);
  for (let n = 0; n < 200; n += 1) {
    const input = Object.fromEntries(Object.entries(members).filter(() => random.chance(0.6)));
    for (const schema of [approvalRequestSchema, storedRequestSchema]) {
      const whole = schema.safeParse(input);
      const found = parsePresent(schema as z.ZodType, input);
      expect(found.success).toBe(whole.success);
      // As text: members keep their order, in which requests are stored.
      expect(JSON.stringify(found.data)).toBe(JSON.stringify(whole.data));
      expect(found.error?.issues).toEqual(whole.error?.issues);
    }
  }
});

test.each([undefined, null, 7, "text", []])("%j is read by the whole schema", (value) => {
  const found = parsePresent(approvalRequestSchema, value);
  expect(found.error?.issues).toEqual(approvalRequestSchema.safeParse(value).error?.issues);
});

test("members that are absent are not looked at", () => {
  const look = vi.fn(() => true);
  const schema = z.object({ here: z.string(), absent: z.exactOptional(z.unknown().refine(look)) });
  expect(parsePresent(schema, { here: "yes" }).data).toEqual({ here: "yes" });
  expect(look).not.toHaveBeenCalled();
  parsePresent(schema, { here: "yes", absent: 1 });
  expect(look).toHaveBeenCalledOnce();
});

test("what is checked of several members together is checked", () => {
  const schema = z
    .object({ from: z.number(), to: z.exactOptional(z.number()) })
    .refine(({ from, to = from }) => from <= to);
  expect(parsePresent(schema, { from: 2, to: 1 }).success).toBe(false);
  expect(parsePresent(schema, { from: 2 }).success).toBe(true);
});

test("so many combinations of members are remembered, and any other is read by the whole schema", () => {
  const names = Array.from({ length: 8 }, (_, at) => `m${at}`);
  const schema = z.object(Object.fromEntries(names.map((name) => [name, z.exactOptional(z.int())])));
  const pick = vi.spyOn(schema, "pick");
  for (let set = 0; set < 256; set += 1) {
    const value = Object.fromEntries(names.filter((_, at) => set & (1 << at)).map((name) => [name, set]));
    expect(parsePresent(schema, value).data).toEqual(value);
  }
  expect(pick).toHaveBeenCalledTimes(64);
});

import { expect, test } from "vitest";
import { isWithin, originOf } from "../../../src/protocol/ids.ts";

test.each([
  ["order", "order"],
  ["order:0", "order"],
  ["order:0.1:2", "order"],
  ["my.order:0", "my.order"],
])("originOf(%j) is %j", (id, origin) => {
  expect(originOf(id)).toBe(origin);
});

test.each([
  ["order", "order", true],
  ["order:0", "order", true],
  ["order:0.1", "order", true],
  ["order:0.1", "order:0", true],
  ["order2", "order", false],
  ["order.0", "order", false],
  ["order:01", "order:0", false],
  ["order:0:1", "order:0", false],
  ["order", "order:0", false],
])("isWithin(%j, %j) is %s", (id, ancestor, expected) => {
  expect(isWithin(id, ancestor)).toBe(expected);
});

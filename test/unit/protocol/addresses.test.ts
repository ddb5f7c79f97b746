import { expect, test } from "vitest";
import { anyAddress, parseAddress, uniAddress } from "../../../src/protocol/addresses.ts";

test.each([
  ["poll://any@worker", { cast: "any", group: "worker" }],
  ["poll://any@worker/p-1", { cast: "any", group: "worker", pid: "p-1" }],
  ["poll://uni@worker/p_1.x", { cast: "uni", group: "worker", pid: "p_1.x" }],
])("parseAddress() reads %s", (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each([
  "",
  "poll://worker",
  "poll://uni@worker",
  "poll://any@",
  "poll://any@a b",
  "poll://any@a/b/c",
  "http://127.0.0.1/",
  "poll://any@worker\n",
])("parseAddress() knows nobody at %j", (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test("anyAddress() and uniAddress() are read back", () => {
  expect(parseAddress(anyAddress("g"))).toEqual({ cast: "any", group: "g" });
  expect(parseAddress(anyAddress("g", "p"))).toEqual({ cast: "any", group: "g", pid: "p" });
  expect(parseAddress(uniAddress("g", "p"))).toEqual({ cast: "uni", group: "g", pid: "p" });
});

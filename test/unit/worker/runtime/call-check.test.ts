import { Codec, type PromiseRecord } from "@resonatehq/sdk";
import { describe, expect, test } from "vitest";
import { checkCall } from "../../../../worker/runtime/call-check.ts";

const codec = new Codec();
const known = ["greet v1", "greet v2", "approval v1", "approval_by_name v1"];

describe("checkCall()", () => {
  test.each([
    ["a known function", { func: "greet", args: [], version: 2 }],
    ["a call without a version, which is version 1", { func: "greet", args: [] }],
  ])("runs %s", (_, call) => {
    expect(check(call)).toEqual({ kind: "run" });
  });

  test("runs in the place of an approval what asks for one properly, with the same arguments", () => {
    expect(check({ func: "approval", args: [1], version: 1 })).toEqual({
      kind: "run-instead",
      call: { func: "approval_by_name", args: [1], version: 1 },
    });
    expect(check({ func: "approval", args: [1] }, { "countersign:kind": "approval" })).toEqual({
      kind: "run",
    });
  });

  test.each([
    ["function", { func: "gret", args: [] }, 'Function "gret" version 1 is not registered'],
    ["version", { func: "greet", args: [], version: 3 }, 'Function "greet" version 3 is not registered'],
  ])("says of an unknown %s what is known", (_, call, reason) => {
    expect(check(call)).toEqual({
      kind: "unknown",
      reason: `${reason} on this worker; registered: ${known.join(", ")}`,
    });
  });

  test.each([
    ["null", null],
    ["a list", []],
    ["no function", { args: [] }],
    ["a function that is no text", { func: 1, args: [] }],
    ["no arguments", { func: "greet" }],
    ["arguments that are no list", { func: "greet", args: {} }],
    ["a version that is no number", { func: "greet", args: [], version: "1" }],
  ])("refuses %s, whoever else there is", (_, call) => {
    expect(check(call)).toEqual({
      kind: "refuse",
      reason: "Cannot run: the stored call is not of the form {func, args, version}",
    });
  });

  test("refuses bytes that are no JSON", () => {
    expect(checkStored({ headers: {}, data: "%%%" })).toMatchObject({
      kind: "refuse",
      reason: "Cannot run: the stored call is not base64 of JSON",
    });
  });
});

function check(call: unknown, tags: Record<string, string> = {}) {
  return checkStored(codec.encode(call), tags);
}

function checkStored(param: PromiseRecord["param"], tags: Record<string, string> = {}) {
  const promise = { id: "a", param, tags } as PromiseRecord;
  return checkCall(promise, {
    has: (func, version) => known.includes(`${func} v${version}`),
    registered: () => known,
  });
}

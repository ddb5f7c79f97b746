import { describe, expect, test } from "vitest";
import { type SchemaCheck, schemaProblems } from "../../../src/lib/json-schema.ts";

const line = () => ({ properties: { amount: { $ref: "#/$defs/n" } } });
const about = (name: string, part: object) => ({
  $id: `https://example.com/${name}`,
  $defs: { n: { type: "number" } },
  properties: { line: part },
});
const value = { line: { amount: 1 } };

describe("the library writes into a schema that it is given (findings/json-schema-validator-writes-into-schema.sh)", () => {
  test("so a schema is never changed, and may be frozen", () => {
    const schema = about("a", line());
    const frozen = <T extends object>(of: T): T => {
      for (const each of Object.values(of))
        if (typeof each === "object" && each !== null) frozen(each as object);
      return Object.freeze(of);
    };
    expect(schemaProblems([{ schema, value }])).toEqual([[]]);
    expect(Reflect.ownKeys(schema)).toEqual(["$id", "$defs", "properties"]);
    expect(schemaProblems([{ schema: frozen(schema), value }])).toEqual([[]]);
  });

  test("so schemas of one request may share a part", () => {
    const shared = line();
    const checks = ["a", "b"].map((name) => ({ schema: about(name, shared), value }));
    expect(schemaProblems(checks)).toEqual([[], []]);
  });
});

describe("a check that is broken off", () => {
  const slow = { properties: { line: { properties: { text: { pattern: "^(a+)+$" } } } } };
  let reads = 0;
  const checks: readonly SchemaCheck[] = [
    {
      get schema() {
        reads += 1;
        return slow;
      },
      value: { line: { text: `${"a".repeat(40)}!` } },
    },
  ];

  const moments: [string, () => number, number][] = [
    ["once more if this thread hardly ran meanwhile", () => 0, 2],
    ["only once if it computed all the time", () => performance.now(), 1],
  ];
  test.each(moments)("is tried %s", (_name, cpuMs, tries) => {
    reads = 0;
    const [[problem] = []] = schemaProblems(checks, cpuMs);
    expect(problem?.message).toContain("took longer than 250 ms");
    expect(reads).toBe(tries);
  });

  test("has the second time as long as a thread needs that gets a small part of the machine", () => {
    const late: SchemaCheck = {
      get schema() {
        const until = performance.now() + 400;
        while (performance.now() < until);
        return { type: "number" };
      },
      value: 1,
    };
    expect(schemaProblems([late], () => 0)).toEqual([[]]);
    const [[problem] = []] = schemaProblems([late], () => performance.now());
    expect(problem?.message).toContain("must be simpler");
  });
});

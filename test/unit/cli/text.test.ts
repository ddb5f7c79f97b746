import { describe, expect, test } from "vitest";
import { type Cli, parseDuration } from "../../../src/cli/command.ts";
import { describeText } from "../../../src/cli/describe.ts";
import { tree } from "../../../src/cli/tree.ts";
import { loadConfig } from "../../../src/config/config.ts";
import type { StoredPromise } from "../../../src/durable/durable.ts";

function promise(id: string, more: Partial<StoredPromise> = {}): StoredPromise {
  return {
    id,
    state: "pending",
    param: undefined,
    value: undefined,
    tags: {},
    createdAt: 0,
    timeoutAt: 60_000,
    ...more,
  };
}

describe("describeText()", () => {
  test("tells people what a promise is and how it ended", () => {
    const text = describeText(
      promise("greeting-1", {
        state: "rejected",
        param: { func: "greet", args: ["World", 2], version: 2 },
        value: new Error("No such account"),
        tags: { "resonate:target": "poll://any@worker" },
        settledAt: 1_000,
      }),
    );
    expect(text).toBe(
      [
        "greeting-1  workflow  rejected",
        "  function   greet, version 2",
        '  argument   "World"',
        "  argument   2",
        "  error      No such account",
        "  created    1970-01-01T00:00:00.000Z",
        "  times out  1970-01-01T00:01:00.000Z",
        "  settled    1970-01-01T00:00:01.000Z",
      ].join("\n"),
    );
  });

  test("copes with promises of other programs", () => {
    const text = describeText(promise("x", { timeoutAt: Number.MAX_SAFE_INTEGER, unreadable: "param" }));
    expect(text).toContain("x  promise  pending");
    expect(text).toContain("times out   9007199254740991");
    expect(text).toContain("its param was written by something else");
  });
});

describe("countersign tree", () => {
  test("draws the family in the order of its positions, with the nearest ancestor that is there", async () => {
    const step = { tags: { "resonate:scope": "local" }, state: "resolved" } as const;
    const promises = [
      promise("wf:10", { ...step, param: { func: "last", version: 1 } }),
      promise("wf:2.0", { tags: { "resonate:timer": "true" } }),
      promise("wf", {
        tags: { "countersign:kind": "approval" },
        param: { func: "approval", args: [], version: 1 },
      }),
      promise("wf:2", {
        tags: { "resonate:target": "poll://any@worker" },
        param: { func: "child", args: [], version: 2 },
      }),
      promise("wf:d1.3.1", step),
    ];
    let drawn = "";
    const cli: Cli = {
      durable: async () => ({ family: async () => ({ promises, truncated: true }) }) as never,
      administration: async () => ({}) as never,
      engine: async () => ({}) as never,
      ledger: async () => ({}) as never,
      index: async () => ({}) as never,
      eventLog: async () => ({}) as never,
      write: () => {},
      config: loadConfig({}, "cli"),
      environment: () => undefined,
      callbackUrlProblem: () => undefined,
      record: () => {},
      clock: Date.now,
      print: (_value, text) => {
        drawn = text();
      },
    };
    expect(await tree.run(["wf"], cli)).toBe(0);
    expect(drawn).toBe(
      [
        "wf  approval  pending until 1970-01-01T00:01:00.000Z",
        "├─ wf:2  workflow child v2  pending until 1970-01-01T00:01:00.000Z",
        "│  └─ wf:2.0  timer  pending until 1970-01-01T00:01:00.000Z",
        "├─ wf:10  step last  resolved",
        "└─ wf:d1.3.1  step  resolved",
        "… there are more",
      ].join("\n"),
    );
  });
});

test.each([
  ["0s", 0],
  ["1500ms", 1_500],
  ["60s", 60_000],
  ["5m", 300_000],
  ["12h", 43_200_000],
  ["400d", 34_560_000_000],
  ["PT60S", 60_000],
  ["P1DT12H", 129_600_000],
  ["P1W", 604_800_000],
])("parseDuration() reads %s", (text, ms) => {
  expect(parseDuration("--timeout", text)).toBe(ms);
});

test.each(["", "60", "1.5h", "-5s", "P1M", "P1Y", "501d", "-PT5S", "soon"])(
  "parseDuration() refuses %j",
  (text) => {
    expect(() => parseDuration("--timeout", text)).toThrow("--timeout must be a duration");
  },
);

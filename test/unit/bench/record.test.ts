import { expect, test } from "vitest";
import { recordOf } from "../../bench/lib/record.ts";

test("a record has the median and the range of each figure, to four digits, and nothing of what was not measured", () => {
  const tables = [
    {
      title: "Cycles",
      columns: ["", "cycles/s", "note"],
      rows: [
        ["seed", [3, 1, 2.00004], "fine"],
        ["none", [], "–"],
      ],
    },
  ];
  const ratios = [
    { what: "simple / seed", unit: "×", target: "≥ 2", values: [1.23456, 2] },
    { what: "engine requests", unit: "", target: "≤ 12", values: [18] },
    { what: "not run", unit: "×", target: "", values: [] },
  ];
  const comparisons = [{ what: "this / other", target: "≤ 1", ratio: 0.98765, low: 0.97, high: 1.00001 }];
  const settings = { rounds: 3, cycles: 1500, warmUp: 500, pairs: 8, turn: 200 };
  const options = { ...settings, dir: "/tmp" } as never;
  expect(recordOf(["date"], options, { tables, ratios, comparisons })).toEqual({
    machine: ["date"],
    settings,
    figures: { "simple / seed, ×": [1.617, 1.235, 2], "engine requests": [18, 18, 18] },
    comparisons: { "this / other": [0.9877, 0.97, 1] },
    tables: { Cycles: { seed: { "cycles/s": [2, 1, 3] }, none: {} } },
  });
});

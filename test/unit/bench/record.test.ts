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
  const settings = { rounds: 3, cycles: 1500, warmUp: 500 };
  expect(recordOf(["date"], { ...settings, dir: "/tmp" } as never, { tables, ratios })).toEqual({
    machine: ["date"],
    settings,
    figures: { "simple / seed, ×": [1.617, 1.235, 2], "engine requests": [18, 18, 18] },
    tables: { Cycles: { seed: { "cycles/s": [2, 1, 3] }, none: {} } },
  });
});

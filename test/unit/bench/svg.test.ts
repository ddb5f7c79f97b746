import { expect, test } from "vitest";
import { linePlot, niceStep, type Plot, spaced } from "../../bench/lib/svg.ts";

const PLOT: Plot = {
  title: "Costs <of> a & b",
  x: "users",
  y: "ms",
  series: [
    {
      name: "a",
      points: [
        { x: 100, values: [3, 1, 2] },
        { x: 10, values: [4] },
        { x: 1_000, values: [] },
      ],
    },
    { name: "b", points: [{ x: 0, values: [1] }] },
  ],
};

test("a line goes through the medians, from left to right, and points without values are left out", () => {
  const svg = linePlot(PLOT);
  const [, line = ""] = /<polyline points="([^"]+)"/.exec(svg) ?? [];
  const places = line.split(" ").map((place) => place.split(",").map(Number));
  expect(places).toHaveLength(2);
  const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = places;
  expect(x2).toBeGreaterThan(x1);
  // 4 is above 2, and above is less in SVG: the axis begins at 0, so half the value is half the height.
  const axis = 400 - 52;
  expect((axis - y2) / (axis - y1)).toBeCloseTo(0.5, 2);
  expect(svg).not.toContain("1 000");
});

test("equal steps of the x axis are equal factors, and 0 stands before the first", () => {
  const at = (x: number) => ({ x, values: [1] });
  const svg = linePlot({ ...PLOT, series: [{ name: "a", points: [at(0), at(10), at(100), at(1_000)] }] });
  const xs = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  const gaps = xs.slice(1).map((x, n) => x - (xs[n] as number));
  expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThan(0.5);
});

test("a bar shows the range of the rounds", () => {
  const svg = linePlot(PLOT);
  const [, top = "", low = ""] =
    /y1="([\d.]+)" y2="([\d.]+)" stroke="#0072b2" stroke-width="5"/.exec(
      svg.slice(svg.indexOf('cy="', svg.indexOf("stroke-opacity")) + 1),
    ) ?? [];
  expect((348 - Number(low)) / (348 - Number(top))).toBeCloseTo(3, 1);
});

test("names are text and never markup, and each line is told by colour, dash and name", () => {
  const svg = linePlot(PLOT);
  expect(svg).toContain("<title>Costs &lt;of> a &amp; b</title>");
  expect(svg).not.toContain("<of>");
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
  expect(svg).toMatch(/fill="#0072b2">a<\/text>/);
  expect(svg).toMatch(/fill="#d55e00">b<\/text>/);
});

test("everything lies within the picture, also for one point, for values of 0 and for nothing at all", () => {
  const one = (x: number, values: number[]): Plot => ({
    ...PLOT,
    series: [{ name: "a", points: [{ x, values }] }],
  });
  for (const plot of [PLOT, one(5, [7]), one(0, [0]), one(1e6, [1e-4]), { ...PLOT, series: [] }]) {
    const svg = linePlot(plot);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    for (const [, value] of svg.matchAll(/ (?:x|y|x1|x2|y1|y2|cx|cy)="(-?[\d.]+)"/g)) {
      expect(Number(value)).toBeGreaterThanOrEqual(0);
      expect(Number(value)).toBeLessThanOrEqual(720);
    }
  }
});

test.each([
  [0, 1],
  [Number.NaN, 1],
  [0.9, 1],
  [1.1, 2],
  [2.2, 2.5],
  [3, 5],
  [6, 10],
  [0.03, 0.05],
  [200, 200],
])("niceStep(%d) is %d", (atLeast, step) => {
  expect(niceStep(atLeast)).toBeCloseTo(step, 10);
});

test("names of lines that end at one height are moved apart, and others stay", () => {
  expect(spaced([300, 299, 298, 100])).toEqual([300, 285, 270, 100]);
  expect(spaced([])).toEqual([]);
});

/** Line plots as SVG text, for documents: no more than the bench needs, so that no library has to be kept up with. */
import { median } from "./figures.ts";

export interface Point {
  readonly x: number;
  /** Of several rounds: the line goes through their median, a bar shows their range. */
  readonly values: readonly number[];
}

export interface Plot {
  readonly title: string;
  /** What the axes show, with the unit. */
  readonly x: string;
  readonly y: string;
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[];
}

const SIZE = { width: 720, height: 400 };
const MARGIN = { left: 64, right: 150, top: 44, bottom: 52 };
/** Told apart by people who see few colours, too (Okabe and Ito), and by their dashes. */
const LINES = [
  { colour: "#0072b2", dash: "" },
  { colour: "#d55e00", dash: "7 4" },
  { colour: "#009e73", dash: "2 3" },
  { colour: "#cc79a7", dash: "9 3 2 3" },
] as const;
const Y_TICKS = 5;

/**
 * The x axis is logarithmic, as what is measured doubles or grows tenfold from point to point; 0 has a place of its own
 * before it. The y axis begins at 0. Points without values are left out.
 */
export function linePlot({ title, x, y, series }: Plot): string {
  const lines = series.map(({ name, points }) => ({
    name,
    points: points.filter(({ values }) => values.length > 0).toSorted((a, b) => a.x - b.x),
  }));
  const shown = lines.flatMap(({ points }) => points);
  const xs = [...new Set(shown.map((point) => point.x))].toSorted((a, b) => a - b);
  const step = niceStep(Math.max(0, ...shown.flatMap(({ values }) => values)) / Y_TICKS);
  const across = xScale(xs);
  const up = (value: number) => bottom() - (value / (step * Y_TICKS)) * (bottom() - MARGIN.top);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    text(MARGIN.left, 24, title, { weight: "bold" }),
    ...yAxis(step, up),
    ...xs.map((value) => text(across(value), bottom() + 20, count(value), { anchor: "middle" })),
    text((MARGIN.left + right()) / 2, SIZE.height - 12, x, { anchor: "middle" }),
    `<g transform="translate(16 ${(MARGIN.top + bottom()) / 2}) rotate(-90)">${text(0, 0, y, { anchor: "middle" })}</g>`,
    ...lines.flatMap((line, at) => drawn(line, at, { across, up })),
    ...names(lines, { across, up }),
    "</svg>",
  ].join("\n")}\n`;
}

interface Scales {
  readonly across: (value: number) => number;
  readonly up: (value: number) => number;
}

type Line = Plot["series"][number];

function drawn({ points }: Line, at: number, { across, up }: Scales): string[] {
  const { colour, dash } = LINES[at % LINES.length] as (typeof LINES)[number];
  if (points.length === 0) return [];
  const places = points.map((point) => `${px(across(point.x))},${px(up(median(point.values)))}`);
  const bars = points.flatMap(({ x, values }) => {
    const at = px(across(x));
    const range = `y1="${px(up(Math.min(...values)))}" y2="${px(up(Math.max(...values)))}"`;
    return [
      `<line x1="${at}" x2="${at}" ${range} stroke="${colour}" stroke-width="5" stroke-opacity="0.3"/>`,
      `<circle cx="${at}" cy="${px(up(median(values)))}" r="3" fill="${colour}"/>`,
    ];
  });
  return [
    `<polyline points="${places.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/>`,
    ...bars,
  ];
}

/** Each line's name at its end, in its colour. */
function names(lines: readonly Line[], { across, up }: Scales): string[] {
  const ends = lines.flatMap(({ name, points }, at) => {
    const last = points.at(-1);
    if (last === undefined) return [];
    return [{ name, at, x: across(last.x) + 10, y: up(median(last.values)) + 4 }];
  });
  const byHeight = ends.toSorted((a, b) => b.y - a.y);
  const ys = spaced(byHeight.map(({ y }) => y));
  return byHeight.map(({ name, at, x }, n) =>
    text(x, ys[n] as number, name, { colour: LINES[at % LINES.length]?.colour ?? "" }),
  );
}

const NAME_HEIGHT = 15;

/** Heights from the lowest up, each moved so far up that its name is clear of the one below. */
export function spaced(ys: readonly number[]): number[] {
  const moved: number[] = [];
  for (const y of ys) moved.push(Math.min(y, (moved.at(-1) ?? Number.POSITIVE_INFINITY) - NAME_HEIGHT));
  return moved;
}

function yAxis(step: number, up: Scales["up"]): string[] {
  return Array.from({ length: Y_TICKS + 1 }, (_, n) => n * step).flatMap((value) => [
    `<line x1="${MARGIN.left}" x2="${right()}" y1="${px(up(value))}" y2="${px(up(value))}" stroke="${value === 0 ? "#444" : "#ddd"}"/>`,
    text(MARGIN.left - 8, up(value) + 4, label(value), { anchor: "end" }),
  ]);
}

/** 0 stands a tenfold step before the first other value, or alone in the middle. */
function xScale(xs: readonly number[]): (value: number) => number {
  const first = xs.find((value) => value > 0) ?? 1;
  const log = (value: number) => Math.log10(value > 0 ? value : first / 10);
  const from = log(xs[0] ?? 1);
  const range = log(xs.at(-1) ?? 1) - from;
  const width = right() - MARGIN.left - 40;
  return (value) => MARGIN.left + 20 + (range === 0 ? width / 2 : ((log(value) - from) / range) * width);
}

/** The smallest of 1, 2, 2.5 and 5 times a power of ten that is no smaller than this; 1 for nothing. */
export function niceStep(atLeast: number): number {
  if (!(atLeast > 0) || !Number.isFinite(atLeast)) return 1;
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const times = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= atLeast * (1 - 1e-9)) ?? 10;
  return times * power;
}

/** `0`, `16`, `10 002`. */
function count(value: number): string {
  return value.toLocaleString("en-US").replaceAll(",", " ");
}

function label(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function text(
  x: number,
  y: number,
  content: string,
  {
    anchor,
    weight,
    colour,
  }: { readonly anchor?: string; readonly weight?: string; readonly colour?: string } = {},
): string {
  const attributes = [
    anchor === undefined ? "" : ` text-anchor="${anchor}"`,
    weight === undefined ? "" : ` font-weight="${weight}"`,
    ` fill="${colour ?? "#222"}"`,
  ].join("");
  return `<text x="${px(x)}" y="${px(y)}"${attributes}>${escaped(content)}</text>`;
}

const bottom = () => SIZE.height - MARGIN.bottom;
const right = () => SIZE.width - MARGIN.right;

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

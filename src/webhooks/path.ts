import { rawNumber } from "../lib/exact-json.ts";

/** Where a value is in an event: `data.object.id`, `actions[0].value`, `metadata["order no"]`. */
export type Path = readonly (string | number)[];

/** Deeper than any event. A longer path is a mistake. */
const STEPS_MAX = 32;
const BRACKETS = /\[(\d{1,6})\]|\["((?:[^"\\]|\\["\\])*)"\]/.source;
const FIRST_STEP = new RegExp(`^(?:([A-Za-z_$][\\w$-]*)|${BRACKETS})`);
const NEXT_STEP = new RegExp(`^(?:\\.([A-Za-z_$][\\w$-]*)|${BRACKETS})`);

/** Undefined if the text is no path. */
export function parsePath(text: string): Path | undefined {
  const steps: (string | number)[] = [];
  for (let rest = text; rest !== ""; ) {
    const [taken, name, index, quoted] = (steps.length === 0 ? FIRST_STEP : NEXT_STEP).exec(rest) ?? [];
    if (taken === undefined || steps.length === STEPS_MAX) return undefined;
    steps.push(name ?? (index === undefined ? (quoted ?? "").replace(/\\(.)/g, "$1") : Number(index)));
    rest = rest.slice(taken.length);
  }
  return steps.length === 0 ? undefined : steps;
}

/** The value there; undefined if there is none. Only what the event itself has counts, nothing that objects inherit. */
export function valueAt(event: unknown, path: Path): unknown {
  let value = event;
  for (const step of path) {
    if (typeof value !== "object" || value === null || rawNumber(value) !== undefined) return undefined;
    if (Array.isArray(value) !== (typeof step === "number") || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/**
 * A value as it is written in an id: text, a whole number, true or false. Undefined for anything else. Events are read by
 * `parseExactJson`, so a number beyond 2^53 is exact too, or is the text that it came in.
 */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  // From 1e21 on JavaScript writes an exponent.
  if (typeof value === "number") {
    return Number.isInteger(value) && Math.abs(value) < 1e21 ? String(value) : undefined;
  }
  const raw = rawNumber(value);
  return raw !== undefined && /^-?\d+$/.test(raw) ? raw : undefined;
}

/** Null, an empty text or a missing member: senders write "nothing" in each of these ways. */
export function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** A copy of the event without the values at these paths. */
export function without(event: unknown, paths: readonly Path[]): unknown {
  return paths.reduce((rest, path) => withoutOne(rest, path), event);
}

function withoutOne(event: unknown, [step, ...rest]: Path): unknown {
  if (step === undefined || valueAt(event, [step]) === undefined) return event;
  if (Array.isArray(event)) {
    // A place that is taken out of a list would move those behind it.
    return event.map((one: unknown, i) =>
      i !== step ? one : rest.length === 0 ? null : withoutOne(one, rest),
    );
  }
  return Object.fromEntries(
    Object.entries(event as object).flatMap(([name, value]: [string, unknown]) => {
      if (name !== step) return [[name, value]];
      return rest.length === 0 ? [] : [[name, withoutOne(value, rest)]];
    }),
  );
}

/** Where in an event a value stands: `data.object.id`, `actions[0].value`, `metadata["order no"]`. */
export type Path = readonly (string | number)[];

/** Deeper than any event, and a limit for whoever writes one by mistake. */
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
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) !== (typeof step === "number") || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/**
 * A value as it stands in an id: text, a whole number, true or false. Undefined for anything else, also for numbers so
 * large that reading them has changed them: two of those would name one thing.
 */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

import { type FieldProblem, ServiceError } from "../lib/errors.ts";

/** Nothing here recurses, but the codec does, and a value that contains itself has no end. */
const DEPTH_MAX = 200;
/** More would help nobody to mend a value. */
const PROBLEMS_MAX = 20;
/** Names are the caller's, and an answer that repeats them stays small. */
const NAME_CHARS_MAX = 64;

/** Text that the SDK's codec reads as a number. */
const NUMBERS_IN_DISGUISE = ["__INF__", "__NEG_INF__"];
/** `__type` is how the codec marks an Error; `__proto__` would be lost, or worse, when the object is copied. */
const RESERVED_NAMES = ["__type", "__proto__"];

/**
 * Throws `INVALID_FIELDS` if storage would change `value`, or could not hold it, naming each place by its path from
 * `field` on. Plain JSON passes, except for what the SDK's codec takes for its own marks.
 */
export function assertStorable(value: unknown, field: string): void {
  const problems = storageProblems(value, field);
  const [first] = problems;
  if (first === undefined) return;
  throw new ServiceError("INVALID_FIELDS", `${first.field} ${first.message}`, { problems });
}

interface Place {
  readonly value: unknown;
  readonly path: string;
  readonly depth: number;
  readonly problem?: string | undefined;
}

function storageProblems(root: unknown, field: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const open: Place[] = [{ value: root, path: field, depth: 0 }];
  for (let at = open.pop(); at !== undefined && problems.length < PROBLEMS_MAX; at = open.pop()) {
    if (at.depth > DEPTH_MAX) {
      return [{ field, message: `must not be nested deeper than ${DEPTH_MAX} levels, or contain itself` }];
    }
    const message = at.problem ?? valueProblem(at.value);
    if (message !== undefined) {
      problems.push({ field: at.path, message });
      continue;
    }
    // Last in, first out: reversed, so that problems come in the order of the text.
    for (const place of placesWithin(at).toReversed()) open.push(place);
  }
  return problems;
}

function placesWithin({ value, path, depth }: Place): Place[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    return Array.from(value, (child: unknown, i) => ({
      value: child,
      path: `${path}[${i}]`,
      depth: depth + 1,
      // JSON has no holes: it would make null of it. A member that is undefined just vanishes.
      problem: child === undefined ? "must be present" : undefined,
    }));
  }
  return Object.entries(value).map(([name, child]) => ({
    value: child as unknown,
    path: `${path}.${name.length > NAME_CHARS_MAX ? `${name.slice(0, NAME_CHARS_MAX - 1)}…` : name}`,
    depth: depth + 1,
    problem: RESERVED_NAMES.includes(name) ? "must have another name: this one is reserved" : undefined,
  }));
}

function valueProblem(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return NUMBERS_IN_DISGUISE.includes(value) ? `must not be the reserved text ${value}` : undefined;
    case "number":
      return Number.isFinite(value) ? undefined : "must be a finite number";
    case "object":
      return value === null || Array.isArray(value) || isPlain(value) ? undefined : "must be plain JSON";
    case "boolean":
    case "undefined":
      return undefined;
    case "bigint":
    case "function":
    case "symbol":
      return `must be plain JSON, not a ${typeof value}`;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

import { type FieldProblem, ServiceError } from "../lib/errors.ts";

/** A stack of our own makes deep nesting harmless up to here; the codec behind it recurses, and a cycle has no end. */
const DEPTH_MAX = 200;
/** More would help nobody to mend a value. */
const PROBLEMS_MAX = 20;

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

function storageProblems(root: unknown, field: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const open = [{ value: root, path: field, depth: 0 }];
  for (let at = open.pop(); at !== undefined && problems.length < PROBLEMS_MAX; at = open.pop()) {
    const { value, path, depth } = at;
    if (depth > DEPTH_MAX) {
      return [{ field, message: `must not be nested deeper than ${DEPTH_MAX} levels, or contain itself` }];
    }
    const message = valueProblem(value);
    if (message !== undefined) {
      problems.push({ field: path, message });
    } else if (Array.isArray(value)) {
      for (const [i, child] of value.entries()) {
        // JSON would make null of it.
        if (child === undefined) problems.push({ field: `${path}[${i}]`, message: "must be present" });
        else open.push({ value: child, path: `${path}[${i}]`, depth: depth + 1 });
      }
    } else if (typeof value === "object" && value !== null) {
      for (const [name, child] of Object.entries(value)) {
        const childPath = `${path}.${name.length > 64 ? `${name.slice(0, 63)}…` : name}`;
        if (RESERVED_NAMES.includes(name)) {
          problems.push({ field: childPath, message: "must have another name: this one is reserved" });
        } else if (child !== undefined) {
          open.push({ value: child, path: childPath, depth: depth + 1 });
        }
      }
    }
  }
  return problems;
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

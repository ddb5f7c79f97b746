import { type FieldProblem, ServiceError } from "../lib/errors.ts";
import { rawNumber, rawNumberProblem } from "../lib/exact-json.ts";

/** The codec recurses, as the walk here does, and a value that contains itself has no end. */
const DEPTH_MAX = 200;
/** A caller who has to correct a value needs no more. */
const PROBLEMS_MAX = 20;
/** The caller chooses names, of any length, and the response that repeats them must stay small. */
const NAME_CHARS_MAX = 64;

/** A copy by assignment or `Object.assign` would lose this member, or set the prototype of the copy. */
const RESERVED_NAME = "__proto__";

/**
 * Whose value it is. `caller`: the caller can correct it. So numbers that kept their text (`rawNumber`) and members named
 * `__proto__` are refused, because readers would not get them as they were sent. `third-party`: nobody here can correct
 * it, so both are stored as they came.
 */
type Origin = "caller" | "third-party";

/**
 * Throws `INVALID_FIELDS` if storage would change `value`, or could not hold it, naming each place by its path from
 * `field` on. Plain JSON passes.
 */
export function assertStorable(value: unknown, field: string, origin: Origin = "caller"): void {
  const problems = storageProblems(value, field, origin);
  const [first] = problems;
  if (first === undefined) return;
  throw new ServiceError("INVALID_FIELDS", `${first.field} ${first.message}`, { problems });
}

function storageProblems(root: unknown, field: string, origin: Origin): FieldProblem[] {
  const problems: FieldProblem[] = [];
  // Names and positions from the root to where the walk is: made text only where something is wrong.
  const path: (string | number)[] = [];
  let isTooDeep = false;

  const look = (value: unknown, placeProblem?: string): void => {
    if (problems.length >= PROBLEMS_MAX || isTooDeep) return;
    if (path.length > DEPTH_MAX) {
      isTooDeep = true;
      return;
    }
    if (origin === "third-party" && rawNumber(value) !== undefined) return;
    const message = placeProblem ?? valueProblem(value);
    if (message !== undefined) {
      problems.push({ field: textOf(field, path), message });
    } else if (Array.isArray(value)) {
      // By position: JSON has no holes, it would make null of one. A member that is undefined just vanishes.
      for (let i = 0; i < value.length; i += 1) {
        path.push(i);
        look(value[i], value[i] === undefined ? "must be present" : undefined);
        path.pop();
      }
    } else if (typeof value === "object" && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        path.push(name);
        look(member, name === RESERVED_NAME && origin === "caller" ? RESERVED_PROBLEM : undefined);
        path.pop();
      }
    }
  };

  look(root);
  if (!isTooDeep) return problems;
  return [{ field, message: `must not be nested deeper than ${DEPTH_MAX} levels, or contain itself` }];
}

const RESERVED_PROBLEM = "must have another name: this one is reserved";

function textOf(field: string, path: readonly (string | number)[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return `${text}.${part.length > NAME_CHARS_MAX ? `${part.slice(0, NAME_CHARS_MAX - 1)}…` : part}`;
  }, field);
}

function valueProblem(value: unknown): string | undefined {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? undefined : "must be a finite number";
    case "object":
      if (value === null || Array.isArray(value)) return undefined;
      return isPlain(value) ? rawNumberProblem(value) : "must be plain JSON";
    case "string":
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

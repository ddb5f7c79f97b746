import { type Path, scalarText, valueAt } from "./path.ts";

export type Scalar = string | number | boolean | null;

/** What must be so in an event. */
export type Condition =
  | { readonly path: Path; readonly equals: Scalar }
  | { readonly path: Path; readonly in: readonly Scalar[] }
  | { readonly path: Path; readonly exists: boolean }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] };

export function holds(condition: Condition, event: unknown): boolean {
  if ("all" in condition) return condition.all.every((one) => holds(one, event));
  if ("any" in condition) return condition.any.some((one) => holds(one, event));
  const value = valueAt(event, condition.path);
  if ("exists" in condition) return (value !== undefined) === condition.exists;
  const accepted = "in" in condition ? condition.in : [condition.equals];
  return accepted.some((one) => isSame(one, value));
}

/** `"5"` is 5: forms know text only. */
function isSame(expected: Scalar, value: unknown): boolean {
  if (expected === value) return true;
  const text = scalarText(value);
  return text !== undefined && text === scalarText(expected);
}

import type { FieldProblem } from "../lib/errors.ts";
import type { Issue } from "./standard-schema.ts";
import type { Workflow } from "./workflow.ts";

export type CheckedArgument =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** What a step that checked an argument has stored; undefined if another program wrote it. */
export function checkedArgumentIn(stored: unknown): CheckedArgument | undefined {
  if (typeof stored !== "object" || stored === null || !("ok" in stored)) return undefined;
  // JSON leaves out a value that is undefined.
  if (stored.ok === true) return { ok: true, value: "value" in stored ? stored.value : undefined };
  if (stored.ok !== false || !("problems" in stored) || !Array.isArray(stored.problems)) return undefined;
  return stored.problems.every(isProblem) ? { ok: false, problems: stored.problems } : undefined;
}

function isProblem(value: unknown): value is FieldProblem {
  return (
    typeof value === "object" &&
    value !== null &&
    "field" in value &&
    typeof value.field === "string" &&
    "message" in value &&
    typeof value.message === "string"
  );
}

/** More would not help to correct an argument. */
const PROBLEMS_MAX = 20;
/** Names and messages may repeat what a caller sent. */
const TEXT_CHARS_MAX = 200;

/**
 * What a workflow's schema makes of its argument, or every problem, each by its path below `field`: `body.items[2].price`.
 * Without a schema every argument passes as it is.
 */
export async function checkArgument(
  { input }: Pick<Workflow, "input">,
  argument: unknown,
  field: string,
): Promise<CheckedArgument> {
  if (input === undefined) return { ok: true, value: argument };
  const checked = await input["~standard"].validate(argument);
  if (checked.issues === undefined) return { ok: true, value: checked.value };
  const problems = checked.issues
    .slice(0, PROBLEMS_MAX)
    .map((issue) => ({ field: fieldOf(issue, field), message: cut(issue.message) }));
  // A library that refuses without saying why has refused all the same.
  return {
    ok: false,
    problems: problems.length > 0 ? problems : [{ field, message: "does not fit the workflow's schema" }],
  };
}

function fieldOf({ path = [] }: Issue, field: string): string {
  const steps = path.map((step) => (typeof step === "object" ? step.key : step));
  return cut(
    steps.reduce<string>(
      (text, key) => text + (typeof key === "number" ? `[${key}]` : `.${String(key)}`),
      field,
    ),
  );
}

function cut(text: string): string {
  return text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text;
}

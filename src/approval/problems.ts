/** Zod's issues as problems that name the field and what would be right. */
import type { z } from "zod";
import type { FieldProblem } from "../lib/errors.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The field's name for a problem with the input as a whole. */
const WHOLE = "body";

export function problemsFromIssues(issues: readonly Issue[], input: unknown): FieldProblem[] {
  return issues.flatMap((issue) => problemsFromIssue(issue, [], input));
}

/** Member names are the caller's, and an answer that repeats them stays small. */
const PART_CHARS_MAX = 64;

/** `["approvers", 2, "email"]` to `approvers[2].email`. */
export function fieldPath(path: Path): string {
  let field = "";
  for (const part of path) {
    if (typeof part === "number") field += `[${part}]`;
    else field += `${field === "" ? "" : "."}${shortened(String(part))}`;
  }
  return field === "" ? WHOLE : field;
}

function shortened(part: string): string {
  return part.length <= PART_CHARS_MAX ? part : `${part.slice(0, PART_CHARS_MAX - 1)}…`;
}

function problemsFromIssue(issue: Issue, base: Path, input: unknown): FieldProblem[] {
  const path = [...base, ...issue.path];
  const field = fieldPath(path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ field: fieldPath([...path, key]), message: "is not a known field" }));
    case "invalid_union":
      return problemsFromUnion(issue, path, input);
    case "invalid_type":
      return [
        {
          field,
          message: valueAt(input, path) === undefined ? "is required" : typeMessage(issue),
        },
      ];
    case "invalid_value":
      return [
        { field, message: `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}` },
      ];
    case "too_small":
      return [{ field, message: `must ${amount("at least", issue.minimum, issue.origin)}` }];
    case "too_big":
      return [{ field, message: `must ${amount("at most", issue.maximum, issue.origin)}` }];
    case "invalid_key":
      return issue.issues.slice(0, 1).map(({ message }) => ({ field, message }));
    case "custom":
    case "invalid_element":
    case "invalid_format":
    case "not_multiple_of":
      break;
  }
  return [{ field, message: issue.message }];
}

/** Reports the branch whose type the input has: a problem inside it says more than "matches nothing". */
function problemsFromUnion(
  issue: Issue & { code: "invalid_union" },
  path: Path,
  input: unknown,
): FieldProblem[] {
  const nearest = issue.errors.find(
    (branch) => !branch.some((inner) => inner.path.length === 0 && isTypeIssue(inner)),
  );
  if (nearest !== undefined) return nearest.flatMap((inner) => problemsFromIssue(inner, path, input));
  if (valueAt(input, path) === undefined) return [{ field: fieldPath(path), message: "is required" }];
  const expected = issue.errors.flatMap((branch) => branch.filter(isTypeIssue).map(expectation));
  return [{ field: fieldPath(path), message: `must be ${[...new Set(expected)].join(" or ")}` }];
}

function isTypeIssue(issue: Issue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_value";
}

/** A schema's own words, where it has any: Zod calls whole numbers and others by the same name. */
function typeMessage(issue: Issue & { code: "invalid_type" }): string {
  return issue.message.startsWith("Invalid input") ? `must be ${article(issue.expected)}` : issue.message;
}

function expectation(issue: Issue): string {
  if (issue.code === "invalid_type") return typeMessage(issue).replace(/^must be /, "");
  if (issue.code === "invalid_value") return issue.values.map((value) => JSON.stringify(value)).join(" or ");
  return issue.message;
}

function article(type: string): string {
  if (type === "int" || type === "number") return "a whole number";
  if (type === "record") return "an object";
  return /^[aeiou]/u.test(type) ? `an ${type}` : `a ${type}`;
}

function amount(bound: string, limit: number | bigint, origin: string): string {
  const unit = origin === "string" ? "character" : origin === "array" ? "item" : undefined;
  return unit === undefined
    ? `be ${bound} ${limit}`
    : `have ${bound} ${limit} ${unit}${limit === 1 ? "" : "s"}`;
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/**
 * A caller's metadata: any JSON, given back with the outcome. It is bounded, and what a later `JSON.stringify` would change
 * or choke on is refused here, so that callers get back what they gave.
 */
import type { FieldProblem } from "../lib/errors.ts";
import { rawNumberProblem } from "../lib/exact-json.ts";
import { fieldPath } from "./problems.ts";
import { storableProblem } from "./text.ts";

/** Enough for a document's keys and numbers; it is stored twice and travels with every outcome. */
export const METADATA_BYTES_MAX = 16 * 1024;
/** Far more than records need, far less than what overflows a recursive `JSON.stringify`. */
const METADATA_DEPTH_MAX = 32;

/** A request is mended problem by problem; a hundred of one kind tell no more than these. */
const PROBLEMS_MAX = 20;

type Path = readonly (string | number)[];

/** What is wrong with `metadata`, named by path from `field` on. */
export function metadataProblems(metadata: object, field: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const report = (path: Path, message: string) => problems.push({ field: fieldPath(path), message });
  const open: { value: unknown; path: Path }[] = [{ value: metadata, path: [field] }];
  // A list in place of recursion: the nesting is the caller's, the stack is ours.
  for (let at = open.pop(); at !== undefined && problems.length < PROBLEMS_MAX; at = open.pop()) {
    const { value, path } = at;
    const problem = valueProblem(value);
    if (problem !== undefined) report(path, problem);
    if (problem !== undefined || typeof value !== "object" || value === null) continue;
    if (path.length > METADATA_DEPTH_MAX) {
      return [{ field, message: `must be nested at most ${METADATA_DEPTH_MAX} levels deep` }];
    }
    if (Array.isArray(value)) {
      for (const [i, child] of value.entries()) open.push({ value: child, path: [...path, i] });
      continue;
    }
    for (const [name, child] of Object.entries(value)) {
      const nameProblem = memberProblem(name);
      if (nameProblem === undefined) open.push({ value: child, path: [...path, name] });
      else report([...path, name], nameProblem);
    }
  }
  if (problems.length === 0 && jsonBytes(metadata) > METADATA_BYTES_MAX) {
    report([field], `must be at most ${METADATA_BYTES_MAX} bytes as JSON`);
  }
  return problems;
}

function valueProblem(value: unknown): string | undefined {
  if (typeof value === "string") return storableProblem(value);
  // JSON.parse makes Infinity of 1e999, and JSON has no word for it.
  if (typeof value === "number" && !Number.isFinite(value)) return "must be a finite number";
  return rawNumberProblem(value);
}

/** It would be lost, or worse, when the object is copied. */
function memberProblem(key: string): string | undefined {
  if (key === "__proto__") return "must have another name: this one is reserved";
  return storableProblem(key);
}

function jsonBytes(value: object): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

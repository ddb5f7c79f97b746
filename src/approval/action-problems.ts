/**
 * What is wrong with an action beyond its shape: arguments that could not be shown as they are, or that programs would read in
 * different ways, or that do not fit the action's own schema. Nothing is mended here, as it is in other texts: what people see
 * must be what is run.
 */

import { canonicalText } from "../lib/canonical-hash.ts";
import type { FieldProblem } from "../lib/errors.ts";
import { rawNumberProblem } from "../lib/exact-json.ts";
import { schemaProblems } from "../lib/json-schema.ts";
import { ACTION_LIMITS } from "./action-schema.ts";
import { argumentRows } from "./argument-rows.ts";
import { pointer } from "./pointer.ts";
import { isRecord, listOf } from "./raw-input.ts";
import { storableProblem } from "./text.ts";

/** A request is mended problem by problem. */
const PROBLEMS_MAX = 20;

/** Without its schema. @param at JSON Pointer of the action in the request, such as `/action` */
function actionProblems(action: unknown, at: string): readonly FieldProblem[] {
  if (!isRecord(action)) return [];
  const { arguments: given, standing, schema } = action;
  return [
    ...(isRecord(given) ? argumentsProblems(action, given, `${at}/arguments`) : []),
    ...(isRecord(standing) ? argumentsProblems(action, standing, `${at}/standing`) : []),
    ...(isRecord(schema) ? schemaTextProblems(schema, `${at}/schema`) : []),
  ];
}

/** What does not fit its schema, of actions that have no other problem: all in the time of one. */
function unfit(actions: readonly Placed[]): readonly FieldProblem[] {
  const checks = actions.flatMap(({ action, at }) => {
    if (!isRecord(action)) return [];
    const { schema, arguments: value } = action;
    return isRecord(schema) && isRecord(value) ? [{ at, schema, value }] : [];
  });
  return schemaProblems(checks).flatMap((problems, i) =>
    problems.map((problem) => ({
      field: `${checks[i]?.at}/${problem.in === "value" ? "arguments" : "schema"}${problem.pointer}`,
      message: problem.message,
    })),
  );
}

interface Placed {
  readonly action: unknown;
  /** JSON Pointer in the request. */
  readonly at: string;
}

/** The same for all actions of a request, and what is wrong with several of them together. */
export function actionsProblems({
  action,
  items,
  atomic,
}: Readonly<Record<string, unknown>>): readonly FieldProblem[] {
  const several = listOf(items).slice(0, ACTION_LIMITS.itemsMax);
  const placed = [
    { action, at: "/action" },
    ...several.map((item, i) => ({ action: item, at: `/items/${i}` })),
  ];
  const wrong = placed.map((each) => actionProblems(each.action, each.at));
  const problems = [
    ...(action !== undefined && items !== undefined
      ? [{ field: "items", message: "must be left out beside action" }]
      : []),
    ...(atomic !== undefined && items === undefined
      ? [{ field: "atomic", message: "must be left out without items" }]
      : []),
    ...several.flatMap((item, i) =>
      isRecord(item) && item["standing"] !== undefined
        ? [{ field: `items[${i}].standing`, message: "must be left out of items: ask for it as the action" }]
        : [],
    ),
    ...wrong.flat(),
    ...unfit(placed.filter((_, i) => wrong[i]?.length === 0)),
  ];
  if (problems.length > 0 || several.length === 0) return problems.slice(0, PROBLEMS_MAX);
  const audiences = new Set(several.map((item) => (isRecord(item) ? item["audience"] : undefined)));
  if (atomic === true && audiences.size > 1) {
    return [
      { field: "items", message: "must have the same audience, or none: one program runs all of them" },
    ];
  }
  return togetherProblems(several);
}

function togetherProblems(items: readonly unknown[]): readonly FieldProblem[] {
  const { itemsBytesMax, valuesMax } = ACTION_LIMITS;
  const bytes = Buffer.byteLength(canonicalText(items.map((item) => (isRecord(item) ? measured(item) : {}))));
  if (bytes > itemsBytesMax) {
    const message = `must be shorter: all items have ${bytes} bytes and may have ${itemsBytesMax}`;
    return [{ field: "items", message }];
  }
  const values = items.reduce<number>((sum, item) => {
    const given = isRecord(item) ? item["arguments"] : undefined;
    return sum + (isRecord(given) ? argumentRows(given).length : 0);
  }, 0);
  if (values <= valuesMax) return [];
  const message = `must have at most ${valuesMax} values together, so that people can read them: they have ${values}`;
  return [{ field: "items", message }];
}

/**
 * What is wrong with arguments alone, whatever a schema or limits say of them.
 *
 * @param action that they are of, with them: its size is limited
 * @param at JSON Pointer of the arguments
 */
export function argumentsProblems(
  action: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  at: string,
): readonly FieldProblem[] {
  const problems = jsonProblems(given, at, { text: shownProblem, name: nameProblem });
  if (problems.length > 0) return problems;
  const { bytesMax, valuesMax } = ACTION_LIMITS;
  const name = at.slice(at.lastIndexOf("/") + 1);
  const bytes = Buffer.byteLength(canonicalText({ ...textsOf(action), [name]: given }));
  if (bytes > bytesMax) {
    return [
      { field: at, message: `must be shorter: the action has ${bytes} bytes and may have ${bytesMax}` },
    ];
  }
  const rows = argumentRows(given).length;
  if (rows <= valuesMax) return [];
  return [
    {
      field: at,
      message: `must have at most ${valuesMax} values, so that people can read them: it has ${rows}`,
    },
  ];
}

/**
 * What is counted of an action that may be wrong in other ways, which its shape tells: the form of RFC 8785 has none for half a
 * surrogate pair.
 */
function measured(action: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const objects = ["arguments", "schema"].flatMap((name) => {
    const value = action[name];
    return isRecord(value) ? [[name, value] as const] : [];
  });
  return { ...textsOf(action), ...Object.fromEntries(objects) };
}

function textsOf(action: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const texts = ["tool", "target", "audience", "reversible", "validFor"].flatMap((name) => {
    const value = action[name];
    return typeof value === "string" ? [[name, value.toWellFormed()] as const] : [];
  });
  return Object.fromEntries(texts);
}

function schemaTextProblems(schema: object, at: string): readonly FieldProblem[] {
  const problems = jsonProblems(schema, at, { text: storableProblem, name: storableProblem });
  if (problems.length > 0) return problems;
  const { schemaBytesMax } = ACTION_LIMITS;
  const bytes = Buffer.byteLength(canonicalText(schema));
  return bytes <= schemaBytesMax ? [] : [{ field: at, message: `must be at most ${schemaBytesMax} bytes` }];
}

interface TextRules {
  readonly text: (text: string) => string | undefined;
  readonly name: (name: string) => string | undefined;
}

/** What is no JSON, or not the same for everybody who reads it. */
function jsonProblems(root: object, at: string, rules: TextRules): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  // A list in place of recursion: the nesting is the caller's, the stack is ours.
  const open: { readonly value: unknown; readonly field: string; readonly depth: number }[] = [
    { value: root, field: at, depth: 1 },
  ];
  for (let next = open.pop(); next !== undefined && problems.length < PROBLEMS_MAX; next = open.pop()) {
    const { value, field, depth } = next;
    const message = typeof value === "string" ? rules.text(value) : valueProblem(value);
    if (message !== undefined) problems.push({ field, message });
    if (message !== undefined || typeof value !== "object" || value === null) continue;
    if (depth > ACTION_LIMITS.depthMax) {
      return [{ field: at, message: `must be nested at most ${ACTION_LIMITS.depthMax} levels deep` }];
    }
    for (const [name, child] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
      const place = `${field}/${pointer(String(name))}`;
      const wrong = typeof name === "number" ? undefined : memberProblem(name, rules);
      if (wrong === undefined) open.push({ value: child, field: place, depth: depth + 1 });
      else problems.push({ field: place, message: wrong });
    }
  }
  return problems;
}

function valueProblem(value: unknown): string | undefined {
  const raw = rawNumberProblem(value);
  if (raw !== undefined) return raw;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "must be a finite number";
  if (value === null || typeof value === "boolean") return undefined;
  // What `JSON.stringify` would leave out or write in another way, where a program gives it and not a JSON text.
  return isPlain(value) ? undefined : "must be JSON";
}

function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || prototype === Object.prototype;
}

function memberProblem(name: string, rules: TextRules): string | undefined {
  if (name === "__proto__") return "must have another name: this one is reserved";
  return rules.name(name);
}

/** Controls other than tab and line breaks, and overrides and isolates of writing direction: no page shows them as they are. */
const UNSHOWABLE = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/u;

function shownProblem(text: string): string | undefined {
  const problem = storableProblem(text);
  if (problem !== undefined) return problem;
  const place = text.search(UNSHOWABLE);
  if (place === -1) return undefined;
  const code = text.charCodeAt(place).toString(16).toUpperCase().padStart(4, "0");
  return `must hold only characters that can be shown: U+${code} is character ${place + 1}`;
}

/** RFC 8785 sorts names by UTF-16 code units, and some libraries sort them by code points: only these differ. */
const BEYOND_BMP = /[\u{10000}-\u{10ffff}]/u;
const MAX_NAME_CHARS = 200;

function nameProblem(name: string): string | undefined {
  if (name.length > MAX_NAME_CHARS) return `must have a name of at most ${MAX_NAME_CHARS} characters`;
  if (BEYOND_BMP.test(name))
    return "must have a name without characters beyond U+FFFF: libraries sort those in different ways";
  const problem = shownProblem(name);
  return problem === undefined ? undefined : problem.replace(/^must/u, "must have a name that");
}

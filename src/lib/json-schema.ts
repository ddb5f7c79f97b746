/**
 * Checks a value against a JSON Schema (2020-12) that a stranger wrote. The schema is interpreted: nothing of it is compiled
 * to code, and nothing is fetched, because a `$ref` may only point into the same schema. What takes too long is broken off,
 * whether by a pattern that backtracks or by references that multiply.
 */
import { createRequire } from "node:module";
import { createContext, Script } from "node:vm";
import type { OutputUnit, Validator as ValidatorOf } from "@cfworker/json-schema";
import { METASCHEMA } from "./metaschema.ts";

/** What is wrong, and where: a JSON Pointer (RFC 6901) into the value or into the schema. */
export interface SchemaProblem {
  readonly in: "value" | "schema";
  readonly pointer: string;
  readonly message: string;
}

/** A value and what it must fit. Neither is changed; both are JSON of bounded depth and size. */
export interface SchemaCheck {
  readonly schema: object;
  readonly value: unknown;
}

/** All values of a request share it: nothing else runs meanwhile. A fitting value takes some milliseconds at most. */
const TIME_MAX_MS = 250;
/** On a machine that gives this process a small part of its time, which is the longest that anything waits for a check. */
const STALLED_TIME_MAX_MS = 4 * TIME_MAX_MS;
/** More would not help to correct a value. */
const PROBLEMS_MAX = 20;
/** Each is compared with each. */
const ERRORS_MAX = 500;
const MESSAGE_CHARS_MAX = 300;

const require = createRequire(import.meta.url);

/**
 * Everything in which each value does not fit its schema, or what is wrong with the schema; nothing for a value that fits.
 * Once the time is over, values that are left are not checked: the one that was being checked has the problem.
 *
 * @param cpuMs milliseconds that this thread has computed for; for tests
 */
export function schemaProblems(
  checks: readonly SchemaCheck[],
  cpuMs: () => number = threadCpuMs,
): readonly (readonly SchemaProblem[])[] {
  // Hardly any request has a schema, and a context takes a millisecond.
  if (checks.length === 0) return [];
  // Its files are read at the first use, which is not the schema's time.
  loadValidator();
  const before = cpuMs();
  const first = tried(checks, TIME_MAX_MS);
  // If this thread hardly ran, the machine was busy with others, and the schema may be as simple as it should be.
  const isStalled = first.isBrokenOff && cpuMs() - before < TIME_MAX_MS / 2;
  return (isStalled ? tried(checks, STALLED_TIME_MAX_MS) : first).found;
}

/** Of the whole process where Node cannot tell (before 23.9): then other threads hide that this one waited. */
function threadCpuMs(): number {
  const usage: () => NodeJS.CpuUsage = process.threadCpuUsage ?? process.cpuUsage;
  const { user, system } = usage.call(process);
  return (user + system) / 1_000;
}

function tried(
  checks: readonly SchemaCheck[],
  timeMs: number,
): {
  readonly found: readonly (readonly SchemaProblem[])[];
  readonly isBrokenOff: boolean;
} {
  const found: (readonly SchemaProblem[])[] = [];
  try {
    inTime(timeMs, () => {
      for (const check of checks) found.push(problemsOf(check));
    });
    return { found, isBrokenOff: false };
  } catch (error) {
    if (!isBrokenOff(error)) throw error;
    const together = found.length === 0 ? "" : ", together with those of the items before it";
    const message = `must be simpler: checking with it took longer than ${TIME_MAX_MS} ms${together}`;
    return { found: [...found, [{ in: "schema", pointer: "", message }]], isBrokenOff: true };
  }
}

function problemsOf({ schema, value }: SchemaCheck): readonly SchemaProblem[] {
  try {
    const wrong = problemsBy(METASCHEMA, schema, "schema");
    return wrong.length > 0 ? wrong : problemsBy(schema, value, "value");
  } catch (error) {
    return [{ in: "schema", pointer: "", message: whyNot(error) }];
  }
}

function problemsBy(schema: object, value: unknown, of: SchemaProblem["in"]): SchemaProblem[] {
  const Validator = loadValidator();
  // It writes notes of its own into the schema, so it gets a copy.
  const { valid, errors } = new Validator(structuredClone(schema), "2020-12", false).validate(value);
  if (valid) return [];
  return lastOf(errors)
    .filter(({ instanceLocation }, i, all) => of === "value" || isFirstAt(instanceLocation, i, all))
    .slice(0, PROBLEMS_MAX)
    .map(({ instanceLocation, keyword, error }) => ({
      in: of,
      pointer: pointerOf(instanceLocation),
      message:
        of === "schema" ? ownRuleText(pointerOf(instanceLocation), keyword, error) : ruleText(keyword, error),
    }));
}

/** Rules that are ours, and not the standard's, in words of their own: the library tells of patterns and of `not`. */
function ownRuleText(pointer: string, keyword: string, error: string): string {
  if (keyword === "not") return "must be left out: dynamic references are not followed";
  if (keyword === "pattern" && pointer.endsWith("/$ref")) {
    return "must begin with #: nothing is fetched, so it can only point into the same schema";
  }
  return `must fit the rules of JSON Schema 2020-12: ${shortened(error)}`;
}

function ruleText(keyword: string, error: string): string {
  if (keyword === "false") return "must be left out: the schema does not allow it";
  return `must fit the schema: ${shortened(error)}`;
}

function loadValidator(): typeof ValidatorOf {
  return (require("@cfworker/json-schema") as { readonly Validator: typeof ValidatorOf }).Validator;
}

/** What does not follow from other errors, as that an object does not fit when one of its members does not. */
function lastOf(errors: readonly OutputUnit[]): readonly OutputUnit[] {
  const first = errors.slice(0, ERRORS_MAX);
  return first.filter(
    ({ keyword, keywordLocation, instanceLocation }) =>
      !first.some(
        (other) =>
          other.keywordLocation.startsWith(`${keywordLocation}/`) ||
          (OF_MEMBERS.has(keyword) && other.instanceLocation.startsWith(`${instanceLocation}/`)),
      ),
  );
}

/** A keyword can have several forms, and its value then fits none of them: one is enough to mend it. */
function isFirstAt(location: string, i: number, all: readonly OutputUnit[]): boolean {
  return all.findIndex(({ instanceLocation }) => instanceLocation === location) === i;
}

/** Keywords whose errors only say that a member has one. */
const OF_MEMBERS = new Set(["additionalProperties", "unevaluatedProperties", "properties", "items"]);

/** The library writes pointers as fragments of a URI (RFC 6901, section 6). */
function pointerOf(location: string): string {
  return decodeURIComponent(location.slice(1));
}

function shortened(error: string): string {
  const text = error.replace(/^Instance /u, "the value ").replace(/\.$/u, "");
  return text.length <= MESSAGE_CHARS_MAX ? text : `${text.slice(0, MESSAGE_CHARS_MAX - 1)}…`;
}

function whyNot(error: unknown): string {
  if (error instanceof RangeError) return "must not refer to itself without end";
  const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return `must be a JSON Schema that can be checked: ${shortened(first)}`;
}

/** V8 breaks off what a script has called, patterns included. No code in between can catch that. */
function inTime(timeMs: number, work: () => void): void {
  new Script("work()").runInContext(createContext({ work }), { timeout: timeMs });
}

/** It comes from the script's own realm, whose errors are of another class. */
function isBrokenOff(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === BROKEN_OFF;
}

const BROKEN_OFF = "ERR_SCRIPT_EXECUTION_TIMEOUT";

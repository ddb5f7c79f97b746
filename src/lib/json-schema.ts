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

/** A fitting value takes some milliseconds at most. */
const TIME_MAX_MS = 250;
/** More would not help to correct a value. */
const PROBLEMS_MAX = 20;
/** Each is compared with each. */
const ERRORS_MAX = 500;
const MESSAGE_CHARS_MAX = 300;

const require = createRequire(import.meta.url);

/**
 * Everything in which the value does not fit the schema, or what is wrong with the schema; none if the value fits.
 *
 * @param schema JSON of bounded depth and size, as is `value`. Neither is changed
 */
export function schemaProblems(schema: object, value: unknown): readonly SchemaProblem[] {
  try {
    return inTime(() => {
      const wrong = problemsBy(METASCHEMA, schema, "schema");
      return wrong.length > 0 ? wrong : problemsBy(schema, value, "value");
    });
  } catch (error) {
    return [{ in: "schema", pointer: "", message: whyNot(error) }];
  }
}

function problemsBy(schema: object, value: unknown, of: SchemaProblem["in"]): SchemaProblem[] {
  // Read at the first use. It writes notes of its own into the schema, so it gets a copy.
  const { Validator } = require("@cfworker/json-schema") as { readonly Validator: typeof ValidatorOf };
  const { valid, errors } = new Validator(structuredClone(schema), "2020-12", false).validate(value);
  if (valid) return [];
  return lastOf(errors)
    .slice(0, PROBLEMS_MAX)
    .map(({ instanceLocation, keyword, error }) => ({
      in: of,
      pointer: pointerOf(instanceLocation),
      message:
        keyword === "false"
          ? "must be left out: the schema does not allow it"
          : `must fit the ${of === "schema" ? "rules of JSON Schema 2020-12" : "schema"}: ${shortened(error)}`,
    }));
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
  // It comes from the script's own realm, whose errors are of another class.
  if (typeof error === "object" && error !== null && "code" in error && error.code === BROKEN_OFF) {
    return `must be simpler: checking with it took longer than ${TIME_MAX_MS} ms`;
  }
  const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return `must be a JSON Schema that can be checked: ${shortened(first)}`;
}

const BROKEN_OFF = "ERR_SCRIPT_EXECUTION_TIMEOUT";

/** V8 breaks off what a script has called, patterns included. */
function inTime<T>(work: () => T): T {
  const results: T[] = [];
  const context = createContext({ work: () => void results.push(work()) });
  new Script("work()").runInContext(context, { timeout: TIME_MAX_MS });
  const [result] = results;
  if (result === undefined) throw new Error("The check has no result");
  return result;
}

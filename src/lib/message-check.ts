/**
 * What must be true of a text before anybody reads it: it can be compiled, and it asks for nothing that the code does not
 * give. For the tests of our own catalogues, and for those of operators at start.
 */
import { createRequire } from "node:module";
import type * as Library from "messageformat";
import { cleanText } from "./text.ts";

const require = createRequire(import.meta.url);

/** What a text is made of, besides words. */
export interface Anatomy {
  /** Arguments by name: numbers are those that a text counts with. */
  readonly args: ReadonlyMap<string, "number" | "string">;
}

/** @returns what is wrong, to follow after the text's name */
export function anatomyOf(source: unknown): Anatomy | string {
  if (typeof source !== "string") return "must be text";
  if (source.trim() === "") return "must not be empty";
  if (source.length > SOURCE_CHARS_MAX) return `must have at most ${SOURCE_CHARS_MAX} characters`;
  const { parseMessage, validate, visit, isVariableRef, MessageError } = library();
  const args = new Map<string, "number" | "string">();
  const problems: string[] = [];
  try {
    const message = parseMessage(source);
    validate(message);
    visit(message, {
      expression({ arg, functionRef }) {
        if (arg === undefined || !isVariableRef(arg))
          problems.push("may print nothing but words and arguments");
        else if (args.get(arg.name) !== "number") {
          args.set(arg.name, functionRef?.name === "integer" ? "number" : "string");
        }
        if (functionRef !== undefined && !FUNCTIONS.has(functionRef.name)) {
          problems.push(`has the function :${functionRef.name}; only :integer and :string can be used`);
        }
      },
      markup: ({ name }) =>
        void problems.push(`has the markup #${name}; only words and arguments can be used`),
      pattern: (pattern) => {
        const words = pattern.filter((part) => typeof part === "string").join("");
        if (cleanText(words) !== words || /[\n\t]/u.test(words)) {
          problems.push("must be one line without control characters and marks of direction");
        }
      },
    });
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    const at = "start" in error && Number(error.start) >= 0 ? ` at character ${Number(error.start) + 1}` : "";
    return `is not MessageFormat 2: ${error.type}${at}`;
  }
  return problems[0] ?? { args };
}

/** Above the longest of ours by far. */
const SOURCE_CHARS_MAX = 2_000;
const FUNCTIONS: ReadonlySet<string> = new Set(["integer", "string"]);

function library(): typeof Library {
  return require("messageformat") as typeof Library;
}

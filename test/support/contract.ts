import { ERRORS, type ErrorCode } from "../../src/lib/errors.ts";
import { type Operation, problemsOf } from "../../src/openapi/operation.ts";
import { OPERATIONS } from "../../src/openapi/operations.ts";
import { problemSlug } from "../../src/openapi/problem-catalogue.ts";
import { problem } from "../../src/openapi/schemas.ts";

export interface Told {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** The operation that a request is for, by the document. */
export function operationFor(method: string, path: string): Operation | undefined {
  const pathname = path.split("?")[0] ?? "";
  return OPERATIONS.find(
    (operation) =>
      operation.method === method.toLowerCase() &&
      new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(pathname),
  );
}

/** What is wrong with a response by the document; undefined if it is as it says, to the last member. */
export function undocumented(operation: Operation, { status, type, text }: Told): string | undefined {
  const response = operation.responses[status];
  if (response !== undefined && !type.includes("problem+json")) {
    if (!type.includes("json")) return `${status} has the type ${type}`;
    const parsed = response.schema?.safeParse(JSON.parse(text));
    return parsed?.success === false ? `${status}: ${parsed.error.message}\n${text}` : undefined;
  }
  if (!type.includes("problem+json")) return `${status} is not documented: ${type} ${text}`;
  const parsed = problem.safeParse(JSON.parse(text));
  if (!parsed.success) return `${status} is no problem: ${parsed.error.message}\n${text}`;
  const codes = problemsOf(operation).map(
    (code: ErrorCode) => `${ERRORS[code].status} /problems/${problemSlug(code)}`,
  );
  const told = `${status} ${parsed.data.type}`;
  return codes.includes(told) ? undefined : `${told} is not documented: ${text}`;
}

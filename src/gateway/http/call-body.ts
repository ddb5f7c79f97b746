import type { Request } from "express";
import type { z } from "zod";
import { problemsFromIssues } from "../../approval/problems.ts";
import { ServiceError } from "../../lib/errors.ts";
import { readJson } from "./body.ts";
import { assertUniqueNames } from "./unique-names.ts";

/**
 * Reads the body of a call that does something, named by a verb. No body is an empty one.
 *
 * @param options `hasUniqueNames` for what has arguments of actions
 * @throws what `readJson` throws; ServiceError INVALID_FIELDS with every problem
 */
export function bodyOf<Body>(
  verb: string,
  schema: z.ZodType<Body>,
  { hasUniqueNames = false }: { readonly hasUniqueNames?: boolean } = {},
): (req: Request) => Promise<Body> {
  return async (req) => {
    const body = await readJson(req);
    if (body !== undefined && hasUniqueNames) assertUniqueNames(body.bytes);
    const input = body?.value ?? {};
    const parsed = schema.safeParse(input);
    if (parsed.success) return parsed.data;
    throw new ServiceError("INVALID_FIELDS", `Cannot ${verb}: some fields are wrong`, {
      problems: problemsFromIssues(parsed.error.issues, input),
    });
  };
}

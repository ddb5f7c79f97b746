import type { Request } from "express";
import type { z } from "zod";
import { problemsFromIssues } from "../../approval/problems.ts";
import { ServiceError } from "../../lib/errors.ts";
import { readJson } from "./body.ts";

/**
 * Reads the body of a call that does something, named by a verb. No body is an empty one.
 *
 * @throws what `readJson` throws; ServiceError INVALID_FIELDS with every problem
 */
export function bodyOf<Body>(verb: string, schema: z.ZodType<Body>): (req: Request) => Promise<Body> {
  return async (req) => {
    const input = (await readJson(req))?.value ?? {};
    const parsed = schema.safeParse(input);
    if (parsed.success) return parsed.data;
    throw new ServiceError("INVALID_FIELDS", `Cannot ${verb}: some fields are wrong`, {
      problems: problemsFromIssues(parsed.error.issues, input),
    });
  };
}

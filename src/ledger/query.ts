import { z } from "zod";
import { problemsFromIssues } from "../approval/problems.ts";
import type { FieldProblem } from "../lib/errors.ts";
import type { ListQuery, Range } from "./ledger.ts";

/** A cursor that the read model did not make, or made for another query. */
export const CURSOR_RULE = "must be the nextCursor of the page before, with the same other parameters";

export type QueryRead =
  | { readonly ok: true; readonly query: ListQuery }
  | { readonly ok: false; readonly problem: FieldProblem };

const text = z.string().min(1).max(400);
const range: z.ZodType<Range> = z.strictObject({
  from: z.exactOptional(z.int()),
  before: z.exactOptional(z.int()),
});

/** A query as it goes from a gateway to where the read model is. */
const listQuerySchema: z.ZodType<ListQuery> = z.strictObject({
  status: z.exactOptional(z.enum(["pending", "approved", "rejected", "expired", "cancelled", "failed"])),
  approver: z.exactOptional(text),
  waitingFor: z.exactOptional(text),
  doneFor: z.exactOptional(text),
  requester: z.exactOptional(text),
  creator: z.exactOptional(text),
  tags: z.exactOptional(z.array(text).max(8)),
  words: z.exactOptional(z.array(text).max(8)),
  created: z.exactOptional(range),
  due: z.exactOptional(range),
  stands: z.exactOptional(z.enum(["approval", "refusal"])),
  nowMs: z.exactOptional(z.int()),
  sort: z.enum(["created", "due"]),
  limit: z.int().min(1).max(100),
  cursor: z.exactOptional(z.string().max(200)),
  total: z.exactOptional(z.boolean()),
});

/** Reads a query of another process. */
export function readQuery(input: unknown): QueryRead {
  const parsed = listQuerySchema.safeParse(input);
  if (parsed.success) return { ok: true, query: parsed.data };
  const [{ field, message } = { field: "query", message: "is wrong" }] = problemsFromIssues(
    parsed.error.issues,
    input,
  );
  return { ok: false, problem: { field: parameterOf(field), message } };
}

/** What the API calls the fields that have another name here. */
const PARAMETERS: Readonly<Record<string, string>> = { tags: "tag", words: "q" };

function parameterOf(field: string): string {
  return field.replace(/^\w+/u, (name) => PARAMETERS[name] ?? name);
}

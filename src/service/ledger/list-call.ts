import { problemsFromIssues } from "../../approval/problems.ts";
import type { ListQuery } from "../../ledger/ledger.ts";
import { LIMIT, listCallSchema, rangeIn } from "../../ledger/parameters.ts";
import { wordsOf } from "../../ledger/words.ts";
import { ServiceError } from "../../lib/errors.ts";

/** What a program asks for. */
export interface ListCall {
  readonly query: ListQuery;
  readonly format: "json" | "csv" | "jsonl";
}

/**
 * Reads the parameters of a list.
 *
 * @param given texts by name; a list where a name was given several times
 * @param nowMs by the engine's clock, in milliseconds since 1970
 * @throws ServiceError INVALID_FIELDS with every problem
 */
export function listCallIn(
  { tag: tags, ...given }: Readonly<Record<string, unknown>>,
  nowMs: number,
): ListCall {
  const input = tags === undefined ? given : { ...given, tag: [tags].flat() };
  const parsed = listCallSchema.safeParse(input);
  if (!parsed.success) {
    throw new ServiceError("INVALID_FIELDS", "Cannot list approvals: some parameters are wrong", {
      problems: problemsFromIssues(parsed.error.issues, input),
    });
  }
  const { format, sort, limit, cursor, total, tag, q, created, due, ...conditions } = parsed.data;
  const query: ListQuery = {
    ...conditions,
    ...(conditions.stands === undefined ? {} : { nowMs }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(q === undefined ? {} : { words: wordsOf(q) }),
    ...(created === undefined ? {} : { created: rangeIn(created) ?? {} }),
    ...(due === undefined ? {} : { due: rangeIn(due) ?? {} }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(total === "true" ? { total: true } : {}),
    sort,
    limit: limit === undefined ? LIMIT.default : Number(limit),
  };
  return { query, format };
}

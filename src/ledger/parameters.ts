/** The parameters of lists, as programs send them: one shape for the check and for the description. */
import { z } from "zod";
import { MAIL_ADDRESS, MAIL_ADDRESS_CHARS_MAX } from "../lib/mail-address.ts";
import { wordsOf } from "./words.ts";

export const LIMIT = { default: 25, max: 100 } as const;
/** As many conditions of one kind as anybody needs, and as a query can take without getting slow. */
export const CONDITIONS_MAX = 8;
const TEXT_CHARS_MAX = 200;

const address = z
  .string()
  .max(MAIL_ADDRESS_CHARS_MAX)
  .regex(MAIL_ADDRESS, "must be one plain mail address, such as ana@example.com");

const period = z.string().max(100).superRefine(hasProblem(periodProblem));

const WORDS_RULE = "must have a letter or a digit";
const words = z
  .string()
  .max(TEXT_CHARS_MAX)
  .regex(/[\p{L}\p{N}]/u, { error: WORDS_RULE, abort: true })
  .superRefine(hasProblem(wordsProblem));

function hasProblem(problemOf: (text: string) => string | undefined) {
  return (text: string, ctx: z.RefinementCtx<string>): void => {
    const message = problemOf(text);
    if (message !== undefined) ctx.addIssue({ code: "custom", message });
  };
}

/** Texts, as they are in the address. */
export const listParameters = {
  status: z.enum(["pending", "approved", "rejected", "expired", "cancelled", "failed"]),
  approver: address,
  waitingFor: address,
  requester: address,
  tag: z
    .array(z.string().regex(/^[^:]{1,64}:.{1,128}$/su, "must be name:value, such as orderId:4711"))
    .max(CONDITIONS_MAX),
  q: words,
  created: period,
  due: period,
  stands: z.enum(["approval", "refusal"]),
  sort: z.enum(["created", "due"]),
  limit: z
    .string()
    .refine(
      (text) => /^[1-9]\d{0,2}$/u.test(text) && Number(text) <= LIMIT.max,
      `must be a whole number from 1 to ${LIMIT.max}`,
    ),
  cursor: z.string().min(1).max(TEXT_CHARS_MAX),
  total: z.enum(["true", "false"]),
  format: z.enum(["json", "csv", "jsonl"]),
} as const;

export const listCallSchema = z
  .strictObject({
    status: z.exactOptional(listParameters.status),
    approver: z.exactOptional(listParameters.approver),
    waitingFor: z.exactOptional(listParameters.waitingFor),
    requester: z.exactOptional(listParameters.requester),
    tag: z.exactOptional(listParameters.tag),
    q: z.exactOptional(listParameters.q),
    created: z.exactOptional(listParameters.created),
    due: z.exactOptional(listParameters.due),
    stands: z.exactOptional(listParameters.stands),
    sort: listParameters.sort.default("created"),
    limit: z.exactOptional(listParameters.limit),
    cursor: z.exactOptional(listParameters.cursor),
    total: z.exactOptional(listParameters.total),
    format: listParameters.format.default("json"),
  })
  .superRefine(({ sort, status, stands, format, limit, cursor, total }, ctx) => {
    const wrong = (field: string, message: string) =>
      ctx.addIssue({ code: "custom", path: [field], message });
    if (sort === "due" && status !== undefined && status !== "pending") {
      wrong("sort", "must be created with this status: only what is pending is listed by deadline");
    }
    if (sort === "due" && stands !== undefined) {
      wrong("sort", "must be created beside stands: what stands is listed by when that ends");
    }
    if (format === "json") return;
    for (const [field, value] of Object.entries({ limit, cursor, total })) {
      if (value !== undefined)
        wrong(field, `must be left out with format ${format}, which answers everything`);
    }
  });

const PERIOD_RULE =
  "must be FROM..BEFORE, each an ISO 8601 date or an instant such as 2026-12-01T12:00:00Z; one of them may be left out";

function periodProblem(text: string): string | undefined {
  const range = rangeIn(text);
  if (range === undefined) return PERIOD_RULE;
  const { from, before } = range;
  return from !== undefined && before !== undefined && from > before
    ? "must begin before it ends"
    : undefined;
}

function wordsProblem(text: string): string | undefined {
  const { length } = wordsOf(text);
  if (length === 0) return WORDS_RULE;
  return length > CONDITIONS_MAX ? `must have at most ${CONDITIONS_MAX} different words` : undefined;
}

/** Milliseconds since 1970: from the first, before the second. */
export function rangeIn(text: string): { readonly from?: number; readonly before?: number } | undefined {
  const [first = "", second, ...rest] = text.split("..");
  if (second === undefined || rest.length > 0 || (first === "" && second === "")) return undefined;
  const from = instantIn(first);
  const before = instantIn(second);
  if (Number.isNaN(from) || Number.isNaN(before)) return undefined;
  return { ...(from === undefined ? {} : { from }), ...(before === undefined ? {} : { before }) };
}

/** A date is its first moment in UTC. NaN for what is none. */
function instantIn(text: string): number | undefined {
  if (text === "") return undefined;
  return INSTANT.test(text) && isDay(text.slice(0, DAY_CHARS)) ? Date.parse(text) : Number.NaN;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/u;
const DAY_CHARS = "2026-12-01".length;

/** `Date.parse` reads the 30th of February as the 2nd of March. */
function isDay(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

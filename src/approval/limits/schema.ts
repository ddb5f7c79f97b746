/**
 * The limits of a standing approval, as a request gives them in place of the arguments of its action: what each argument
 * may be, how often the approval may be used, and how much all uses may come to. `use.ts` applies them.
 */
import { z } from "zod";
import { decimalOf, isLess } from "../../lib/decimal.ts";
import { type Frozen, facets } from "../shape.ts";
import { POINTER, POINTER_CHARS_MAX } from "./pointer.ts";

const LIMITS_MAX = 50;
const OPTIONS_MAX = 50;
/** Of a text that may be any, in characters. */
const TEXT_CHARS_MAX = 1_000;
/** Of a standing approval. */
const USES_MAX = 1_000;

/** A limit of the kind of the argument: a number for numbers, a decimal text for amounts that are sent as text. */
const amountSchema = z
  .union([
    z.number({ error: "must be a number" }),
    z.string({ error: "must be a decimal text, such as 12.50" }).max(62),
  ])
  .superRefine((amount, ctx) => {
    if (decimalOf(amount) !== undefined) return;
    const message = "must be a number of at most 30 digits before and after its point, such as 500 or 12.50";
    ctx.addIssue({ code: "custom", message });
  });

const limitSchema = z
  .strictObject({
    fixed: z.exactOptional(z.unknown()).meta({ description: "The one value that the argument has." }),
    oneOf: z
      .exactOptional(z.array(z.unknown()).min(1).max(OPTIONS_MAX))
      .meta({ description: "The values that it can have." }),
    min: z
      .exactOptional(amountSchema)
      .meta({ description: "The least that it can be. Default beside max: 0." }),
    max: z.exactOptional(amountSchema).meta({
      description: "The most that it can be: a number, or a decimal text if the argument is sent as text.",
    }),
    maxLength: z
      .exactOptional(z.int().min(1).max(TEXT_CHARS_MAX))
      .meta({ description: "Any text of at most so many characters." }),
  })
  .superRefine((limit, ctx) => {
    for (const { path, message } of limitProblems(limit)) ctx.addIssue({ code: "custom", path, message });
  })
  .meta({
    id: "LimitInput",
    description: "What one argument can be: give exactly one of fixed, oneOf, max and maxLength.",
  })
  .register(facets, { name: "Limit" });

const pointerSchema = z
  .string()
  .max(POINTER_CHARS_MAX)
  .regex(POINTER, { error: "must be a JSON pointer to an argument, such as /amount" });

/** What arguments can be, by their JSON pointers. `limitsProblems` says what is wrong with several of them together. */
export const limitsSchema = z.record(pointerSchema, limitSchema);

export const standingSchema = z
  .strictObject({
    limits: limitsSchema.meta({
      description:
        "What each argument can be, by its JSON pointer. An argument that no limit names is refused, and one that a limit names must be there.",
    }),
    uses: z.int().min(1).max(USES_MAX).meta({ description: "How often it can be used." }),
    total: z
      .exactOptional(
        z
          .strictObject({
            argument: pointerSchema.meta({
              description: "An argument whose limit has a max, and no min below 0.",
            }),
            max: amountSchema.meta({ description: "The most that it can come to over all uses." }),
          })
          .meta({ id: "TotalInput" })
          .register(facets, { name: "Total" }),
      )
      .meta({ description: "How much all uses together can come to." }),
  })
  .superRefine((standing, ctx) => {
    for (const { path, message } of standingProblems(standing))
      ctx.addIssue({ code: "custom", path, message });
  })
  .meta({
    id: "StandingInput",
    description: "Limits in place of arguments: the approval can be used several times.",
  })
  .register(facets, { name: "Standing" });

/** What one argument can be. */
export type Limit = Frozen<z.output<typeof limitSchema>>;
export type Standing = Frozen<z.output<typeof standingSchema>>;
export type Limits = Standing["limits"];

/** The least that an argument with a `max` can be. */
export function leastOf({ min, max }: Limit): number | string {
  return min ?? (typeof max === "string" ? "0" : 0);
}

interface Problem {
  readonly path: string[];
  readonly message: string;
}

const KINDS = ["fixed", "oneOf", "max", "maxLength"] as const;

function limitProblems(limit: Limit): Problem[] {
  const given = KINDS.filter((kind) => limit[kind] !== undefined);
  const [kind, other] = given;
  if (kind === undefined) {
    const isMin = limit.min !== undefined;
    return isMin
      ? [{ path: ["max"], message: "is required beside min" }]
      : [{ path: [], message: "must have one of fixed, oneOf, max and maxLength" }];
  }
  if (other !== undefined) return [{ path: [other], message: `cannot stand beside ${kind}` }];
  const { min, max } = limit;
  if (max === undefined)
    return min === undefined ? [] : [{ path: ["min"], message: `cannot stand beside ${kind}` }];
  if (min !== undefined && typeof min !== typeof max) {
    return [
      { path: ["min"], message: `must be ${typeof max === "string" ? "a text" : "a number"}, as max is` },
    ];
  }
  if (!isMore(leastOf(limit), max)) return [];
  const message =
    min === undefined ? "is required where max is less than 0" : `must be at most max, which is ${max}`;
  return [{ path: ["min"], message }];
}

function standingProblems({ limits, total }: Standing): Problem[] {
  const problems = limitsProblems(limits);
  const isTooMany = problems.some(({ path }) => path.length === 1);
  return isTooMany || total === undefined ? problems : [...problems, ...totalProblems(limits, total)];
}

/** What is wrong with limits together; each is right by itself. Paths begin with `limits`. */
export function limitsProblems(limits: Limits): Problem[] {
  const pointers = Object.keys(limits);
  if (pointers.length > LIMITS_MAX) {
    return [{ path: ["limits"], message: `must have at most ${LIMITS_MAX} limits` }];
  }
  return pointers.flatMap((pointer) => {
    const outer = pointers.find((other) => pointer.startsWith(`${other}/`));
    return outer === undefined
      ? []
      : [{ path: ["limits", pointer], message: `is a part of ${outer}, which has a limit of its own` }];
  });
}

function totalProblems(limits: Standing["limits"], total: NonNullable<Standing["total"]>): Problem[] {
  const at = (name: "argument" | "max", message: string) => [{ path: ["total", name], message }];
  const limit = Object.hasOwn(limits, total.argument) ? limits[total.argument] : undefined;
  const max = limit?.max;
  if (limit === undefined || max === undefined) {
    return at("argument", "must be the pointer of a limit with a max");
  }
  if (typeof total.max !== typeof max) {
    return at(
      "max",
      `must be ${typeof max === "string" ? "a text" : "a number"}, as the argument's limit is`,
    );
  }
  // Otherwise a use of less than nothing would make room for others.
  if (isMore(0, leastOf(limit))) return at("argument", "must have a limit whose min is at least 0");
  return isMore(0, total.max) ? at("max", "must be at least 0") : [];
}

/** Amounts that are no decimals have a problem of their own. */
function isMore(a: number | string, b: number | string): boolean {
  const [left, right] = [decimalOf(a), decimalOf(b)];
  return left !== undefined && right !== undefined && isLess(right, left);
}

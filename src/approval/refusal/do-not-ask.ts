/**
 * That an answer which rejects an action says as well: and do not ask again, until then, for these arguments. What it comes to
 * once the approval is rejected, `standing-refusal.ts` says.
 */
import { z } from "zod";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import { decimalOf } from "../../lib/decimal.ts";
import type { FieldProblem } from "../../lib/errors.ts";
import { argumentsProblems } from "../action-problems.ts";
import type { Action } from "../action-schema.ts";
import { durationMs } from "../duration.ts";
import { durationBetween } from "../duration-schema.ts";
import { type Limits, limitsProblems, limitsSchema } from "../limits/schema.ts";
import { beyondLimits } from "../limits/use.ts";
import type { Frozen } from "../shape.ts";

/** How long people can be spared a question, in milliseconds. */
export const DO_NOT_ASK_MAX_MS = durationMs("P30D");

/** As a program sends it with an answer. */
export const doNotAskRequest = z
  .strictObject({
    for: durationBetween("PT1H", "P30D", "P7D").meta({
      description: "How long from now, as an ISO 8601 duration from PT1H to P30D.",
      examples: ["P7D"],
    }),
    arguments: z.exactOptional(z.enum(["same", "any"])).meta({
      description:
        "`same`: only with the arguments that were asked about. Default: `any`, or those within `limits`.",
    }),
    limits: z.exactOptional(limitsSchema).meta({
      description:
        "Only with arguments within these limits, by their JSON pointers. Arguments that no limit names can be anything.",
    }),
  })
  .superRefine(({ arguments: which, limits }, ctx) => {
    if (which !== undefined && limits !== undefined) {
      ctx.addIssue({ code: "custom", path: ["limits"], message: "must be left out beside arguments" });
    } else if (limits !== undefined && Object.keys(limits).length === 0) {
      const message = "must have a limit: leave it out to refuse any arguments";
      ctx.addIssue({ code: "custom", path: ["limits"], message });
    }
    for (const { path, message } of limits === undefined ? [] : limitsProblems(limits)) {
      ctx.addIssue({ code: "custom", path, message });
    }
  })
  .meta({
    id: "DoNotAskRequest",
    description: "Refuses the same action in advance: the program that asks again is refused at once.",
  });

export type DoNotAskRequest = Frozen<z.output<typeof doNotAskRequest>>;

/** As an answer stores it. */
export interface DoNotAsk {
  /** ISO 8601 instant, by the engine's clock. */
  readonly until: string;
  /** Only what has one of these hashes (`actionHash`): the actions that were asked about, as proposed and as edited. */
  readonly same?: readonly string[];
  /** Only arguments within these. Absent beside `same`; with neither: whatever the arguments are. */
  readonly limits?: Limits;
}

const amount = z.union([z.number(), z.string()]).refine((value) => decimalOf(value) !== undefined);

export const storedDoNotAsk: z.ZodType<DoNotAsk> = z.object({
  until: z.iso.datetime(),
  same: z.exactOptional(z.array(z.string())),
  limits: z.exactOptional(
    z.record(
      z.string(),
      z.object({
        fixed: z.exactOptional(z.unknown()),
        oneOf: z.exactOptional(z.array(z.unknown())),
        min: z.exactOptional(amount),
        max: z.exactOptional(amount),
        maxLength: z.exactOptional(z.int()),
      }),
    ),
  ),
});

type Asked = Pick<Action, "tool" | "target" | "audience" | "arguments" | "standing">;

/** SHA-256, in hexadecimal, of what an action would run, in the form of RFC 8785. */
function actionHash({ tool, target, audience, arguments: given, standing }: Asked): string {
  return canonicalHash({ tool, target, audience, arguments: given, standing });
}

/** @param actions that the person was asked about, and what had been proposed if that was changed */
export function doNotAskOf(
  { for: time, arguments: which, limits }: DoNotAskRequest,
  actions: readonly Asked[],
  nowMs: number,
): DoNotAsk {
  return {
    until: new Date(nowMs + durationMs(time)).toISOString(),
    ...(which === "same" ? { same: [...new Set(actions.map(actionHash))] } : {}),
    ...(limits === undefined ? {} : { limits }),
  };
}

/** Limits are shown to those who ask, as arguments are to those who answer. */
export function doNotAskProblems({ limits }: DoNotAskRequest): readonly FieldProblem[] {
  return limits === undefined ? [] : argumentsProblems({}, limits, "/doNotAsk/limits");
}

/** Whether it is about an action of the same tool, target and audience. One with limits never refuses a standing approval. */
export function isSpared({ same, limits }: DoNotAsk, action: Asked): boolean {
  if (same !== undefined) return same.includes(actionHash(action));
  if (limits === undefined) return true;
  return action.arguments !== undefined && beyondLimits(limits, action.arguments) === undefined;
}

/** The result of the step that settles, where a schedule has started an approval, what its terms say otherwise. */
import { z } from "zod";
import { awayPeopleIn, storedAwaySchema } from "./absence.ts";
import type { Terms } from "./approval.ts";
import { storedSamePeopleSchema } from "./same-person.ts";

export interface StartStep extends Pick<Terms, "away" | "people"> {
  readonly kind: "start";
}

const step: z.ZodType<StartStep> = z.object({
  kind: z.literal("start"),
  away: z.exactOptional(storedAwaySchema),
  people: z.exactOptional(storedSamePeopleSchema),
});

/** Before version 4 of the workflow, it is who is away and nothing else. Undefined if another program wrote it. */
export function startStepIn(value: unknown): Omit<StartStep, "kind"> | undefined {
  const parsed = step.safeParse(value);
  if (parsed.success) return parsed.data;
  const away = awayPeopleIn(value);
  return away === undefined ? undefined : { away };
}

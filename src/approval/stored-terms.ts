import { z } from "zod";
import { storedAwaySchema } from "./absence.ts";
import type { Terms } from "./approval.ts";
import { storedSamePeopleSchema } from "./same-person.ts";

const epochMs = z.int().min(0);

/** The terms of an approval, as its call and the check before it have them. */
export const storedTermsSchema: z.ZodType<Terms> = z.object({
  startedAtMs: epochMs,
  deadlineAtMs: epochMs,
  away: z.exactOptional(storedAwaySchema),
  people: z.exactOptional(storedSamePeopleSchema),
});

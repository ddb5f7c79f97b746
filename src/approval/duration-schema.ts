/** Durations and deadlines as fields of a request. Apart from how they are read, because the command line reads some and no library. */
import { z } from "zod";
import { deadlineProblem } from "./deadline.ts";
import { DURATION_RULE, durationMs, durationProblem, parseDuration } from "./duration.ts";
import { facets } from "./shape.ts";

/** A duration from `min` to `max`, both included and written as durations. */
export function durationBetween(min: string, max: string, example: string) {
  const [minMs, maxMs] = [durationMs(min), durationMs(max)];
  return z
    .string()
    .superRefine((text, ctx) => {
      const ms = parseDuration(text) ?? Number.NaN;
      const range =
        ms >= minMs && ms <= maxMs ? undefined : `must be from ${min} to ${max}, such as ${example}`;
      const message = durationProblem(text, `${DURATION_RULE}, from ${min} to ${max}`) ?? range;
      if (message !== undefined) ctx.addIssue({ code: "custom", message });
    })
    .meta({ description: `ISO 8601 duration, ${min} to ${max}.`, examples: [example] })
    .register(facets, { keeps: true, meaning: (text) => `${parseDuration(text) ?? text}` });
}

/** A deadline that all libraries read alike; how far away it may be is another question. */
export const deadlineText = z.string().superRefine((text, ctx) => {
  const message = deadlineProblem(text);
  if (message !== undefined) ctx.addIssue({ code: "custom", message });
});

/** How long a part of an approval may take. */
export const durationSchema = durationBetween("PT1M", "P400D", "P2D");

/** How long people can take an answer back. */
export const undoSchema = durationBetween("PT1S", "P1D", "PT10M").meta({
  description:
    "How long people can take their answer back, as an ISO 8601 duration from PT1S to P1D. It counts when that time is over.",
});

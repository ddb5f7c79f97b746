/** When people are reminded who have not answered. */
import { z } from "zod";
import { durationMs, parseDuration } from "./duration.ts";
import { durationBetween } from "./duration-schema.ts";
import { type Hours, nextOpening } from "./hours.ts";
import { type Frozen, facets } from "./shape.ts";

const REMINDERS_MAX = 20;
const REMINDERS_DEFAULT = 5;

export const remindersSchema = z
  .strictObject({
    after: z.exactOptional(
      z
        .array(durationBetween("PT1M", "P400D", "P3D"))
        .min(1)
        .max(REMINDERS_MAX)
        .superRefine((durations, ctx) => {
          for (const [i, duration] of durations.entries()) {
            const [beforeMs, ms] = [parseDuration(durations[i - 1] ?? ""), parseDuration(duration)];
            if (beforeMs === undefined || ms === undefined || beforeMs < ms) continue;
            ctx.addIssue({ code: "custom", path: [i], message: `must be longer than after[${i - 1}]` });
          }
        })
        .meta({
          description: "How long after the question each reminder is due, the earliest first.",
          examples: [["P1D", "P3D"]],
        }),
    ),
    every: z.exactOptional(
      durationBetween("PT1H", "P400D", "P1D").meta({
        description:
          "In place of `after`: the time from the question to the first reminder, and from one to the next.",
      }),
    ),
    max: z.exactOptional(
      z
        .int()
        .min(1)
        .max(REMINDERS_MAX)
        .meta({ description: `With \`every\`: how many there are at most. Default: ${REMINDERS_DEFAULT}.` }),
    ),
  })
  .superRefine(({ after, every, max }, ctx) => {
    if ((after === undefined) === (every === undefined)) {
      const message = 'must have either after, such as ["P1D", "P3D"], or every, such as "P1D"';
      ctx.addIssue({ code: "custom", message });
    } else if (every === undefined && max !== undefined) {
      ctx.addIssue({ code: "custom", path: ["max"], message: "must be left out without every" });
    }
  })
  .meta({
    id: "RemindersInput",
    description: "When people are reminded who have not answered. Within `hours`, if there are any.",
    examples: [{ after: ["P1D", "P3D"] }, { every: "P1D", max: 5 }],
  })
  .register(facets, { name: "Reminders" });

export type Reminders = Frozen<z.output<typeof remindersSchema>>;

/**
 * The instants at which a person who was asked at `askedAtMs` is reminded, in order, each once. An instant outside of
 * the hours moves to the next opening; what then comes together is one reminder.
 */
export function* reminderTimes(
  { after = [], every, max = REMINDERS_DEFAULT }: Reminders,
  hours: Hours | undefined,
  askedAtMs: number,
): Generator<number, void> {
  const opening = (atMs: number) => (hours === undefined ? atMs : nextOpening(hours, atMs));
  let lastMs = askedAtMs;
  for (const duration of after) {
    const atMs = opening(askedAtMs + durationMs(duration));
    if (atMs !== lastMs) yield atMs;
    lastMs = atMs;
  }
  if (every === undefined) return;
  // From one reminder to the next, so that none is nearer to the one before than that.
  const gapMs = durationMs(every);
  for (let i = 0; i < max; i++) {
    lastMs = opening(lastMs + gapMs);
    yield lastMs;
  }
}

/** The first of them after `afterMs`; undefined if there is none. */
export function nextReminderAt(
  reminders: Reminders,
  hours: Hours | undefined,
  askedAtMs: number,
  afterMs: number,
): number | undefined {
  for (const atMs of reminderTimes(reminders, hours, askedAtMs)) if (atMs > afterMs) return atMs;
  return undefined;
}

/** Those after `afterMs` that are due at `nowMs`. */
export function remindersDue(
  reminders: Reminders,
  hours: Hours | undefined,
  askedAtMs: number,
  afterMs: number,
  nowMs: number,
): number[] {
  const due: number[] = [];
  for (const atMs of reminderTimes(reminders, hours, askedAtMs)) {
    if (atMs > nowMs) break;
    if (atMs > afterMs) due.push(atMs);
  }
  return due;
}

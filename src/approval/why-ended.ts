import type { Course } from "./course.ts";
import { closedOf, outcomeOf } from "./stored.ts";
import type { Why } from "./why.ts";

/** Why an approval has ended, as recorded; undefined while it is not, and where an earlier version recorded it. */
export function whyEnded({ root, end }: Course): Why | undefined {
  return outcomeOf(root)?.why ?? (end && closedOf(end)?.why);
}

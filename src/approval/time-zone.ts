/** A time zone as a caller names it. */
import { z } from "zod";
import { facets } from "./shape.ts";

export const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, "must be an IANA time zone, such as Europe/Berlin")
  .meta({ description: "IANA time zone.", examples: ["Europe/Berlin"] })
  .register(facets, { meaning: (name) => name.toLowerCase() });

/** A named zone; fixed offsets such as `+01:00` are refused, because they are wrong for half of the year. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/u.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

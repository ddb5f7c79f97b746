import { z } from "zod";
import { lines } from "./text-schema.ts";

/** What a caller may say about a cancellation, in characters. */
const REASON_CHARS_MAX = 500;

/** The body of a cancel call. */
export const cancelRequest = z
  .strictObject({ reason: z.exactOptional(lines(REASON_CHARS_MAX)) })
  .meta({ id: "CancelRequest" });

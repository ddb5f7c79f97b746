/** The call of the mail with the head of the log, read back from its promise. Apart, as a start can do without the library. */
import { z } from "zod";
import { LOG_HEAD_KIND, type LogHead } from "./log-head.ts";

const logHead: z.ZodType<LogHead> = z.object({
  kind: z.literal(LOG_HEAD_KIND),
  day: z.string(),
  n: z.int().min(1),
  to: z.object({ email: z.string() }),
  note: z.string(),
});

export function logHeadIn(value: unknown): LogHead | undefined {
  const parsed = logHead.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

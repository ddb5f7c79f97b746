import { createRequire } from "node:module";
import type * as Library from "cron-parser";

const require = createRequire(import.meta.url);

export type CronFields = ReturnType<typeof Library.CronExpressionParser.parse>["fields"];

/** The library that reads cron expressions. It is 17 files with its dates, and most installations have no schedule. */
export function cronParser(): typeof Library.CronExpressionParser {
  return (require("cron-parser") as typeof Library).CronExpressionParser;
}

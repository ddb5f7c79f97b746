import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./service-process.ts";

/** The first block of that language in a page under `docs/`, as a reader copies it. */
export function codeIn(page: string, language: string): string {
  const text = readFileSync(join(ROOT, "docs", page), "utf8");
  const [, code] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "msu").exec(text) ?? [];
  if (code === undefined) throw new Error(`docs/${page} has no block of ${language}`);
  return code;
}

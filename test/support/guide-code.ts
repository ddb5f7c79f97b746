import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./service-process.ts";

/** All blocks of that language in a page under `docs/`. */
export function blocksIn(page: string, language: string): readonly string[] {
  const text = readFileSync(join(ROOT, "docs", page), "utf8");
  const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gmsu"));
  return [...blocks].map(([, block = ""]) => block);
}

/** The first block of that language in a page under `docs/`, as a reader copies it. */
export function codeIn(page: string, language: string): string {
  const [code] = blocksIn(page, language);
  if (code === undefined) throw new Error(`docs/${page} has no block of ${language}`);
  return code;
}

import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Texts } from "../../src/lib/messages.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Keys that stand nowhere in the code or a template: texts that nobody reads. */
export function unusedTexts(texts: Texts): readonly string[] {
  const files = globSync(["src/**/*.ts", "worker/**/*.ts", "views/**/*.ejs"], { cwd: root });
  const code = files
    .filter((file) => !file.endsWith("message-args.ts"))
    .map((file) => readFileSync(`${root}${file}`, "utf8"))
    .join("\n");
  return Object.keys(texts).filter((key) => !code.includes(`"${key}"`));
}

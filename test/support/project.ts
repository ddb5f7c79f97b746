import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { temporaryFolder } from "./engine.ts";
import { ROOT } from "./service-process.ts";

/** A folder outside the checkout, gone when the test is over, that has the packages which the guide's code imports. */
export function projectFolder(): string {
  const folder = temporaryFolder();
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@resonatehq"), { recursive: true });
  for (const name of ["zod", "@resonatehq/sdk"])
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  mkdirSync(join(modules, "countersign"));
  const entry = join(ROOT, "worker/authoring/index.ts");
  const manifest = { name: "countersign", type: "module", exports: "./index.js" };
  writeFileSync(join(modules, "countersign/package.json"), JSON.stringify(manifest));
  writeFileSync(
    join(modules, "countersign/index.js"),
    `export * from ${JSON.stringify(pathToFileURL(entry).href)};`,
  );
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}

/** The guide's file of that name, as a reader copies it. */
export function guideFile(page: string, name: string): string {
  const text = readFileSync(join(ROOT, "docs", page), "utf8");
  const code = new RegExp(`^\`\`\`ts\n(// ${name.replaceAll(".", "\\.")}\n.*?)^\`\`\`$`, "msu").exec(
    text,
  )?.[1];
  if (code === undefined) throw new Error(`docs/${page} has no file ${name}`);
  return code;
}

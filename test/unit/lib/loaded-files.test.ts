/** What Node tells of the files that it loads: `countersign dev` watches them. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { loadedFiles, REPORTS_LOADED_FILES } from "../../../src/lib/loaded-files.ts";
import { ROOT } from "../../support/service-process.ts";

test("modules, data, CommonJS, what cannot be parsed and what is missing; nothing that is installed, and none of ours", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "countersign-loaded-")));
  const files = {
    "package.json": '{ "type": "module" }',
    "main.ts": `
      import "./shared/prices.ts";
      import "./data.json" with { type: "json" };
      import "./old.cjs";
      import "installed";
      import ${JSON.stringify(join(ROOT, "src/lib/short-hash.ts"))};
      for (const name of ["./broken.ts", "./missing.ts"]) await import(name).catch(() => {});
    `,
    "shared/prices.ts": "export const price: number = 1;",
    "data.json": "{}",
    "old.cjs": "module.exports = 1;",
    "broken.ts": "export const = 1;",
    "node_modules/installed/index.js": "export {};",
    "node_modules/installed/package.json": '{ "type": "module", "exports": "./index.js" }',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  try {
    const child = fork(join(folder, "main.ts"), { cwd: folder, env: REPORTS_LOADED_FILES });
    const loaded = new Set<string>();
    child.on("message", (message) => {
      for (const path of loadedFiles(message)) loaded.add(relative(folder, path));
    });
    child.once("message", () => child.channel?.unref());
    await once(child, "close");
    const names = ["main.ts", "shared/prices.ts", "data.json", "old.cjs", "broken.ts", "missing.ts"];
    expect([...loaded]).toEqual(expect.arrayContaining(names));
    expect([...loaded].filter((name) => /installed|short-hash|^\.\./u.test(name))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  null,
  7,
  "text",
  [],
  {},
  { folder: "/a" },
  { "watch:import": 7 },
  { "watch:require": [null, "node:fs"] },
])("any other message tells of none: %j", (message) => {
  expect(loadedFiles(message)).toEqual([]);
});

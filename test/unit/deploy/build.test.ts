/** What the package is bundled of: `docs/install.md` says that libraries stay outside. */
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { beforeAll, expect, test } from "vitest";
import { type BuiltFile, build } from "../../../deploy/package/build.ts";

const { dependencies } = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
) as { readonly dependencies: Readonly<Record<string, string>> };

let files: ReadonlyMap<string, BuiltFile>;
beforeAll(async () => {
  files = new Map((await build()).map((file) => [file.name, file]));
});

test("libraries are imported, and not bundled; each of them is a dependency", () => {
  const packages = new Set<string>();
  for (const { imports } of files.values()) {
    for (const from of imports) {
      if (files.has(from) || isBuiltin(from)) continue;
      const [scope = "", name = ""] = from.split("/");
      packages.add(scope.startsWith("@") ? `${scope}/${name}` : scope);
    }
  }
  expect([...packages].filter((name) => !(name in dependencies))).toEqual([]);
  expect([...packages]).toEqual(expect.arrayContaining(["ejs", "express", "jose", "pg", "pino", "zod"]));
});

test("a program on the client alone loads none of Node's modules, and no library", () => {
  const reached = new Set(["client.js"]);
  for (const name of reached) for (const from of files.get(name)?.imports ?? []) reached.add(from);
  expect([...reached].filter((name) => !files.has(name))).toEqual([]);
  expect(reached.size).toBeLessThan(5);
});

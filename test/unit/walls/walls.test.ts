import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { breaches, importsIn, importsOf, type Room, roomsIn, unused } from "../../walls/walls.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const rooms = roomsIn(readFileSync(`${root}docs/architecture.md`, "utf8"));

test("every import of the checkout is one that the table of docs/architecture.md allows", () => {
  const imports = importsOf(root);
  // Fewer would mean that they are not found any more.
  expect(imports.length).toBeGreaterThan(1_000);
  expect(breaches(rooms, imports)).toEqual([]);
});

test("every permission of the table is used", () => {
  expect(unused(rooms, importsOf(root))).toEqual([]);
});

describe("unused()", () => {
  const table = (a: string) =>
    roomsIn(
      `| folder | what | imports |\n|---|---|---|\n| \`src/a\` | | ${a} |\n| \`src/b\` | | nothing |\n`,
    );
  const files = [
    ...importsIn(
      "src/a/x.ts",
      `import { b } from "../b/b.ts";\nimport type { Z } from "zod";\nimport "./y.ts";`,
    ),
    ...importsIn("src/b/b.ts", `import "./c.ts";`),
  ];

  test("is content with what is used as the table says it", () => {
    expect(unused(table("`src/b`, `zod` types"), files)).toEqual([]);
    expect(unused(table("everything: `*`"), files)).toEqual([]);
  });

  test.each([
    ["a package", "`src/b`, `zod` types, `left-pad`", "src/a may import left-pad and does not"],
    ["a module of Node's", "`src/b`, `zod` types, `node:`", "src/a may import node: and does not"],
    ["a folder", "`src/b`, `zod` types, `src/c`", "src/a may import src/c and does not"],
    ["types", "`src/b`, `zod` types, `jose` types", "src/a may import jose types and does not"],
    ["values where types do", "`src/b`, `zod`", "src/a imports only types from zod"],
    [
      "types beside the values",
      "`src/b`, `src/b` types, `zod` types",
      "src/a may import src/b types and does not",
    ],
    [
      "a word in backticks by accident",
      "`src/b` (for `start`), `zod` types",
      "src/a may import start and does not",
    ],
  ])("finds %s", (_, imports, fault) => {
    expect(unused(table(imports), files)).toEqual([expect.stringContaining(fault)]);
  });

  test("finds a row of a folder that is gone", () => {
    const rows = [...table("`src/b`, `zod` types"), { folder: "src/gone", imports: new Set<string>() }];
    expect(unused(rows, files)).toEqual([expect.stringContaining("src/gone: the table has a row for it")]);
  });

  const imports = importsOf(root);
  const permissions = rooms.flatMap(({ folder, imports: allowed }) =>
    [...allowed].filter((name) => name !== "*").map((name) => ({ folder, name })),
  );

  test.each(permissions)("$folder → $name is missed when nothing uses it", ({ folder, name }) => {
    const target = name.replace(/ types$/u, "");
    const without = imports.filter(
      (made) => !(made.file.startsWith(folder) && made.target.startsWith(target)),
    );
    const inside = importsIn(`${folder}/x.ts`, `import { y } from "./y.ts";`);
    expect(unused(rooms, [...without, ...inside])).toContainEqual(
      expect.stringContaining(`${folder} may import ${name} and does not`),
    );
  });
});

describe("each wall can fail", () => {
  const walled = rooms.filter(({ imports }) => !imports.has("*"));

  test.each(walled.map((room) => [room.folder, room] as const))("%s", (folder, room: Room) => {
    for (const other of rooms) {
      if (other === room || room.imports.has(other.folder)) continue;
      const made = importsIn(`${folder}/made-up.ts`, `import { x } from "./x.ts";`)[0];
      const reaching = { file: `${folder}/made-up.ts`, target: `${other.folder}/x.ts`, isType: false };
      expect(breaches(rooms, [reaching]), `${folder} → ${other.folder}`).toHaveLength(1);
      expect(made && breaches(rooms, [made])).toEqual([]);
    }
    for (const target of ["left-pad", "@scope/left-pad", "test/support/api.ts"]) {
      expect(breaches(rooms, [{ file: `${folder}/x.ts`, target, isType: false }])).toHaveLength(1);
    }
  });

  test("a new folder has no row", () => {
    expect(breaches(rooms, importsIn("src/attic/attic.ts", `import { z } from "zod";`))).toEqual([
      "src/attic/attic.ts: its folder has no row in the table of docs/architecture.md",
    ]);
  });

  test("nobody imports the processes but the command line, which starts one", () => {
    const importers = walled.filter(({ imports }) => imports.has("src/processes"));
    expect(importers.map(({ folder }) => folder)).toEqual(["src/cli"]);
  });
});

describe("importsIn()", () => {
  test("finds each form, and not what stands in comments or texts", () => {
    const source = [
      `import { a } from "./a.ts";`,
      `import type { B } from "../b.ts";`,
      `export * from "./c.ts";`,
      `import "./d.ts";`,
      `import {`,
      `  e,`,
      `  type F,`,
      `} from "@scope/e/f";`,
      `const g = await import("./g.ts");`,
      `const j = require("j/k");`,
      `const l = createRequire(import.meta.url)("l") as L;`,
      `// import { h } from "./h.ts";`,
      `/* import { i } from "./i.ts"; */`,
    ].join("\n");
    expect(importsIn("src/x/y.ts", source).map(({ target, isType }) => [target, isType])).toEqual([
      ["src/x/a.ts", false],
      ["src/b.ts", true],
      ["src/x/c.ts", false],
      ["src/x/d.ts", false],
      ["@scope/e/f", false],
      ["src/x/g.ts", false],
      ["j/k", false],
      ["l", false],
    ]);
  });
});

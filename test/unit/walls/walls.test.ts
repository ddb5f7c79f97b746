import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { breaches, importsIn, importsOf, type Room, roomsIn } from "../../walls/walls.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const rooms = roomsIn(readFileSync(`${root}docs/architecture.md`, "utf8"));

test("every import of the checkout is one that the table of docs/architecture.md allows", () => {
  const imports = importsOf(root);
  // Fewer would mean that they are not found any more.
  expect(imports.length).toBeGreaterThan(1_000);
  expect(breaches(rooms, imports)).toEqual([]);
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
    expect(breaches(rooms, importsIn("src/ledger/ledger.ts", `import { z } from "zod";`))).toEqual([
      "src/ledger/ledger.ts: its folder has no row in the table of docs/architecture.md",
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
    ]);
  });
});

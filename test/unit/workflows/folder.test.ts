/** A folder of workflows of one's own: what is found in it, and what is said of what is none. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/lib/config-error.ts";
import { loadWorkflows } from "../../../src/workflows/folder.ts";
import { temporaryFolder } from "../../support/engine.ts";

/** A workflow as text; `more` are further members. */
function workflow(name: string, more = ""): string {
  return `{ kind: "countersign.workflow", name: ${JSON.stringify(name)}, version: 1, *run() {}, ${more} }`;
}

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function problemsOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = folderOf(files);
  try {
    await loadWorkflows(folder);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.replaceAll(folder, "FOLDER"));
  }
}

describe("loadWorkflows()", () => {
  test("finds those of TypeScript and JavaScript, as default and by name, once each, in every version", async () => {
    const found = await loadWorkflows(
      folderOf({
        "package.json": '{ "type": "module" }',
        "a.ts": `export default ${workflow("one")} satisfies object;\nexport const helper = (n: number): number => n;`,
        "b.mjs": `export const two = ${workflow("two")};\nexport const newer = { ...two, version: 2 };\nexport default two;`,
        "c.cjs": `module.exports = { three: ${workflow("three")} };`,
        "d.cts": `module.exports = ${workflow("four")};`,
        "index.js": 'export * from "./b.mjs";\nexport { default } from "./a.ts";',
        // Not looked at.
        "a.test.ts": "throw new Error()",
        "types.d.ts": "export {};",
        "README.md": "#",
        "lib/shared.ts": "export const shared = 1;",
      }),
    );
    expect(found.map(({ name, version }) => `${name} ${version}`)).toEqual([
      "one 1",
      "two 1",
      "two 2",
      "three 1",
      "four 1",
    ]);
  });

  test("without a folder there are none", async () => {
    expect(await loadWorkflows(undefined)).toEqual([]);
  });

  test("a folder that is not there, or holds no code, is said", async () => {
    await expect(loadWorkflows("/nowhere/workflows")).rejects.toThrow(
      "WORKFLOWS must be a folder that is there, not /nowhere/workflows",
    );
    expect(await problemsOf({ "README.md": "#" })).toEqual([
      "WORKFLOWS FOLDER holds no .ts or .js file: put a workflow into it",
    ]);
    const file = join(folderOf({ "a.mjs": "" }), "a.mjs");
    await expect(loadWorkflows(file)).rejects.toThrow(/cannot be read: ENOTDIR/u);
  });

  const WRONG: readonly (readonly [what: string, text: string, problem: RegExp])[] = [
    ["exports nothing", "1;", /a\.mjs exports nothing/u],
    ["exports functions alone", "export function* buy() {}", /a\.mjs exports no workflow \(but buy\)/u],
    [
      "defaults to a function",
      "export default function* () {}",
      /a\.mjs, its export default is no workflow/u,
    ],
    ["cannot be parsed", "export default {", /a\.mjs cannot be loaded: /u],
    ["throws", 'throw new Error("no database")', /a\.mjs cannot be loaded: no database/u],
    ["imports what is not there", 'import "./nowhere.mjs"', /a\.mjs cannot be loaded: Cannot find module/u],
    ["has a bad name", `export const w = ${workflow("a b")}`, /a\.mjs, its export w: name must be a letter/u],
    ["has no name", `export const w = ${workflow("x", "name: undefined")}`, /export w: name must be/u],
    [
      "takes a name of ours",
      `export const w = ${workflow("approval")}`,
      /Countersign has a workflow of its own/u,
    ],
    ["takes another of ours", `export const w = ${workflow("callback")}`, /named callback/u],
    [
      "has version 0",
      `export const w = ${workflow("x", "version: 0")}`,
      /export w: version must be a whole/u,
    ],
    [
      "has a version in text",
      `export const w = ${workflow("x", 'version: "1"')}`,
      /version must be a whole/u,
    ],
    [
      "has no schema as input",
      `export const w = ${workflow("x", "input: { type: 'object' }")}`,
      /input must be a schema/u,
    ],
    ["is async", `export const w = ${workflow("x", "async run() {}")}`, /run must be a generator function/u],
    [
      "is an async generator",
      `export const w = ${workflow("x", "async *run() {}")}`,
      /run must be a generator/u,
    ],
  ];
  test.each([
    ["is empty", { "a.ts": "" }],
    ["is empty, where files are CommonJS", { "a.ts": "", "package.json": '{"type":"commonjs"}' }],
    ["is empty, where files are modules", { "a.ts": "", "package.json": '{"type":"module"}' }],
    ["has nothing but a comment and types", { "a.ts": "// later\ntype Later = 1;\n" }],
    ["exports an empty object", { "a.cjs": "module.exports = {};" }],
  ])("a file that %s exports nothing", async (_what, files) => {
    expect(await problemsOf(files)).toEqual([expect.stringMatching(/a\.c?[jt]s exports nothing: /u)]);
  });

  test.each(WRONG)("a file that %s is named", async (_what, text, problem) => {
    expect(await problemsOf({ "a.mjs": text })).toEqual([expect.stringMatching(problem)]);
  });

  test("two of one name and version are named both, and every problem is told at once", async () => {
    expect(
      await problemsOf({
        "a.mjs": `export default ${workflow("buy")}`,
        "b.mjs": `export const again = ${workflow("buy")}`,
        "c.mjs": "",
      }),
    ).toEqual([
      expect.stringContaining("c.mjs exports nothing"),
      "WORKFLOWS: b.mjs, its export again: buy version 1 is defined by a.mjs, its export default already: give one of them another name or version",
    ]);
  });
});

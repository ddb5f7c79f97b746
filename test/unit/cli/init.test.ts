/** `countersign init`: what it writes, and that it never writes over anything. */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../../src/cli/main.ts";
import { type CliRun, countersignHere } from "../../support/cli.ts";
import { ROOT } from "../../support/service-process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countersign-init-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const init = (...args: readonly string[]): Promise<CliRun> => countersignHere(["init", ...args], {});
const read = (name: string) => readFileSync(join(folder, "My Project", name), "utf8");

describe("countersign init", () => {
  test("writes a project whose own test passes at once", async () => {
    const { code, stdout } = await init(join(folder, "My Project"));
    expect(code).toBe(0);
    expect(JSON.parse(stdout).files).toEqual([
      "package.json",
      ".gitignore",
      "tsconfig.json",
      "README.md",
      "workflows/purchase.ts",
      "test/purchase.test.ts",
    ]);
    const manifest = JSON.parse(read("package.json"));
    const ours = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    // From a checkout: what `npm pack` makes there, since its sources are no package.
    const file = relative(join(folder, "My Project"), join(ROOT, `countersign-${ours.version}.tgz`));
    expect(manifest).toMatchObject({
      name: "my-project",
      engines: ours.engines,
      dependencies: { countersign: `file:${file}` },
    });
    for (const name of ["zod", "typescript", "@types/node"]) {
      const major = { ...ours.dependencies, ...ours.devDependencies }[name].split(".")[0];
      expect({ ...manifest.dependencies, ...manifest.devDependencies }[name]).toBe(`^${major}.0.0`);
    }
    // In place of `npm install`: what this checkout has, under the names of the package's entries.
    const modules = join(folder, "My Project/node_modules");
    mkdirSync(join(modules, "countersign"), { recursive: true });
    symlinkSync(join(ROOT, "node_modules/zod"), join(modules, "zod"));
    const entry = (path: string) =>
      `export * from ${JSON.stringify(pathToFileURL(join(ROOT, path)).href)};\n`;
    writeFileSync(join(modules, "countersign/index.js"), entry("worker/authoring/index.ts"));
    writeFileSync(join(modules, "countersign/testing.js"), entry("worker/testing/index.ts"));
    writeFileSync(
      join(modules, "countersign/package.json"),
      JSON.stringify({ type: "module", exports: { ".": "./index.js", "./testing": "./testing.js" } }),
    );
    const cwd = join(folder, "My Project");
    const { stdout: tap } = await promisify(execFile)(process.execPath, ["--test", "--test-reporter=tap"], {
      cwd,
    });
    expect(tap).toContain("# pass 3\n# fail 0");
  });

  test("never overwrites: with the workflow or its test there, it writes nothing", async () => {
    mkdirSync(join(folder, "workflows"));
    writeFileSync(join(folder, "workflows/purchase.ts"), "mine");
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const { code, stderr } = await init(folder);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `countersign: ${folder} already has workflows/purchase.ts: nothing was written. Name another folder: countersign init DIR\n`,
    );
    expect(readdirSync(folder).toSorted()).toEqual(["package.json", "workflows"]);
    expect(readFileSync(join(folder, "workflows/purchase.ts"), "utf8")).toBe("mine");
    expect(readFileSync(join(folder, "package.json"), "utf8")).toBe('{ "type": "module" }');
  });

  test("completes the package.json that `npm install` left in an empty folder", async () => {
    const dependencies = { countersign: "file:../countersign-0.1.0.tgz" };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies }, null, 4));
    writeFileSync(join(folder, "package-lock.json"), "{}");
    writeFileSync(join(folder, "notes.txt"), "mine");
    mkdirSync(join(folder, ".git"));
    const { code, stdout } = await init(folder);
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(told.files).not.toContain("package.json");
    expect(told.added).toContain("script dev");
    expect(told.added).not.toContain("dependency countersign");
    const text = readFileSync(join(folder, "package.json"), "utf8");
    expect(text).toContain('\n    "type"');
    expect(JSON.parse(text)).toMatchObject({
      private: true,
      type: "module",
      scripts: { dev: "exec countersign dev --workflows workflows" },
      dependencies: { ...dependencies, zod: expect.any(String) },
    });
    expect(existsSync(join(folder, "workflows/purchase.ts"))).toBe(true);
  });

  test("fits into a project of CommonJS, whose files stay", async () => {
    const own = { name: "shop", scripts: { start: "node shop.js", test: "mocha" } };
    const theirs = {
      "package.json": JSON.stringify(own, null, "\t"),
      "shop.js": "module.exports = 7;",
      "README.md": "mine",
      "tsconfig.json": "{}",
      ".gitignore": "node_modules/\n*.log",
    };
    for (const [name, text] of Object.entries(theirs)) writeFileSync(join(folder, name), text);
    const { code, stdout } = await init(folder);
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    // Node reads a .ts file of such a project as CommonJS.
    expect(told.files).toEqual(["workflows/purchase.mts", "test/purchase.test.mts"]);
    expect(told.kept).toEqual(["tsconfig.json", "README.md", "script start", "script test"]);
    expect(readFileSync(join(folder, "test/purchase.test.mts"), "utf8")).toContain(
      '"../workflows/purchase.mts"',
    );
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    expect(manifest).not.toHaveProperty("type");
    expect(manifest.scripts).toMatchObject({ ...own.scripts, check: "tsc" });
    expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("node_modules/\n*.log\ndata/\n.env\n");
    for (const name of ["shop.js", "README.md", "tsconfig.json"] as const) {
      expect(readFileSync(join(folder, name), "utf8")).toBe(theirs[name]);
    }
  });

  test("tells people what was written, what was kept, and what to type next", async () => {
    writeFileSync(join(folder, "package.json"), '{ "scripts": { "dev": "vite" } }');
    let said = "";
    const code = await run(["init", folder], {
      env: {},
      isTerminal: true,
      out: (text) => {
        said += text;
      },
      err: (text) => {
        said += text;
      },
    });
    expect(code).toBe(0);
    expect(said).toMatch(/^Wrote \.gitignore, /u);
    expect(said).toContain("\nAdded to package.json: script start, ");
    expect(said).toContain("\nLeft as it is: script dev.\n");
    expect(said).toContain("\n  npm install\n  npm test\n  npx countersign dev\n");
    expect(said).toContain("/begin?id=purchase-1&func=purchase'");
  });

  test.each([
    ["no JSON", "{", "package.json is no JSON ("],
    ["a list", "[]", "package.json is no JSON object"],
    [
      "scripts that are a list",
      '{ "scripts": ["a"] }',
      "package.json has scripts that are no object of texts",
    ],
    [
      "a number for a version",
      '{ "dependencies": { "zod": 4 } }',
      "package.json has dependencies that are no",
    ],
  ])("refuses a package.json that is %s, and writes nothing", async (_, text, message) => {
    writeFileSync(join(folder, "package.json"), text);
    const { code, stderr } = await init(folder);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).toContain("nothing was written");
    expect(readdirSync(folder)).toEqual(["package.json"]);
  });

  test("leaves what else is in the folder alone", async () => {
    writeFileSync(join(folder, "notes.txt"), "mine");
    expect((await init(folder)).code).toBe(0);
    expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("mine");
  });

  test("says what is in the way where a folder should be", async () => {
    writeFileSync(join(folder, "workflows"), "a file");
    const within = await init(folder);
    expect(within.code).toBe(2);
    expect(within.stderr).toContain(
      `${join(folder, "workflows")} is a file, not a folder: nothing was written`,
    );
    expect(existsSync(join(folder, "package.json"))).toBe(false);
    const itself = await init(join(folder, "workflows"));
    expect(itself.stderr).toContain("is a file, not a folder");
    const below = await init(join(folder, "workflows/below"));
    expect(below.code).toBe(2);
    expect(below.stderr).toContain("ENOTDIR");
  });

  test.each([
    [["a", "b"], "One DIR only: what is b?"],
    [[""], "DIR must not be empty"],
    [["--force"], "Unknown option '--force'"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await init(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

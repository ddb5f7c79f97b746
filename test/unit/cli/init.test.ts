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
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
      "tsconfig.json",
      ".gitignore",
      "README.md",
      "workflows/purchase.ts",
      "test/purchase.test.ts",
    ]);
    const manifest = JSON.parse(read("package.json"));
    const ours = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(manifest).toMatchObject({ name: "my-project", dependencies: { countersign: `^${ours.version}` } });
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

  test("never overwrites: with one of its files there, it writes nothing", async () => {
    mkdirSync(join(folder, "workflows"));
    writeFileSync(join(folder, "workflows/purchase.ts"), "mine");
    writeFileSync(join(folder, "README.md"), "mine, too");
    const { code, stderr } = await init(folder);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `countersign: ${folder} already has README.md, workflows/purchase.ts: nothing was written. Name another folder: countersign init DIR\n`,
    );
    expect(readdirSync(folder).toSorted()).toEqual(["README.md", "workflows"]);
    expect(readFileSync(join(folder, "workflows/purchase.ts"), "utf8")).toBe("mine");
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

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../support/service-process.ts";

describe("an old Node", () => {
  test.each([
    ["npm start", ["--import", "./src/lib/preload.js", "src/processes/all.ts"]],
    ["countersign", ["bin/countersign.js", "doctor"]],
  ])("is told in one line, by %s", (_, args) => {
    expect(startedOn("20.20.2", args)).toEqual({
      status: 1,
      stdout: "",
      stderr: `Cannot start: ${process.execPath} is Node 20.20.2, and Countersign needs 22.18, 24 or newer. A checkout has one of its own, which npm ci installs by a script; --ignore-scripts leaves it out: run "npm rebuild node --ignore-scripts=false"\n`,
    });
  });

  test("is told in one line by countersign/testing, although node:sqlite is missing there", () => {
    const { status, stdout, stderr } = startedOn("20.20.2", ["worker/testing/index.ts"], WITHOUT_SQLITE);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^Cannot start: \S+ is Node 20\.20\.2, and Countersign needs 22\.18, 24 or newer.*\n$/u,
    );
  });

  test.each(["22.17.1", "23.11.0", "0.12.18"])("is also %s", (version) => {
    expect(startedOn(version, ["src/lib/node-version.js"]).status).toBe(1);
  });

  test.each(["22.18.0", "24.0.0", "25.1.0", "26.10.0", "100.0.0"])("is not %s", (version) => {
    expect(startedOn(version, ["src/lib/node-version.js"])).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("is the one that package.json says", () => {
    const { engines } = JSON.parse(source("package.json")) as { engines: { node: string } };
    expect(engines.node).toBe("^22.18 || >=24");
  });

  // A name that it does not have is a SyntaxError before the first line has run.
  test.each([
    "src/lib/preload.js",
    "src/lib/compile-cache.js",
    "src/lib/node-version.js",
    "src/cli/countersign.js",
    "bin/countersign.js",
  ])("can read %s: it imports nothing that only a new one has", (file) => {
    const imported = [...source(file).matchAll(/^import (?:(.*) from )?"(.*)";$/gmu)];
    for (const [, names, from] of imported) {
      expect([
        "node:fs",
        "node:module",
        "node:path",
        // Every Node that reads ES modules has it, and all that it is asked for.
        "node:worker_threads",
        "./node-version.js",
        "../lib/node-version.js",
        "./compile-cache.js",
        "../lib/compile-cache.js",
      ]).toContain(from);
      if (from === "node:module") expect(names).not.toContain("{");
    }
    expect(imported.length).toBe(source(file).match(/^import\b/gmu)?.length ?? 0);
  });
});

/** Makes imports of `node:sqlite` fail, as on Node 20. */
const WITHOUT_SQLITE = `
  import { registerHooks } from "node:module";
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "node:sqlite") throw new Error("No such built-in module: node:sqlite");
      return next(specifier, context);
    },
  });
`;

/** How a program ends on a Node that pretends to have this version. */
function startedOn(version: string, args: readonly string[], further = "") {
  const pretend = `${further}Object.defineProperty(process, "version", { value: "v${version}" })`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`, ...args],
    { cwd: ROOT, encoding: "utf8", env: { PATH: "" } },
  );
  return { status, stdout, stderr };
}

function source(file: string): string {
  return readFileSync(`${ROOT}/${file}`, "utf8");
}

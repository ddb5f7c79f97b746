import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../support/service-process.ts";

const NEEDED = /^const NEEDED = (\d+);$/mu.exec(source("src/lib/node-version.js"))?.[1];

describe("an old Node", () => {
  test.each([
    ["npm start", ["--import", "./src/lib/preload.js", "src/processes/all.ts"]],
    ["countersign", ["src/cli/countersign.js", "doctor"]],
  ])("is told in one line, by %s", (_, args) => {
    const old = 'Object.defineProperty(process, "version", { value: "v20.20.2" })';
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", `data:text/javascript,${encodeURIComponent(old)}`, ...args],
      { cwd: ROOT, encoding: "utf8", env: { PATH: "" } },
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe(
      `Cannot start: ${process.execPath} is Node 20.20.2, and Countersign needs ${NEEDED} or newer. npm ci installs one by a script, which --ignore-scripts leaves out: run "npm rebuild node --ignore-scripts=false"\n`,
    );
  });

  test("is the one that package.json says", () => {
    const { engines } = JSON.parse(source("package.json")) as { engines: { node: string } };
    expect(engines.node).toBe(`>=${NEEDED}`);
  });

  // A name that it does not have is a SyntaxError before the first line has run.
  test.each(["src/lib/preload.js", "src/lib/node-version.js", "src/cli/countersign.js"])(
    "can read %s: it imports nothing that only a new one has",
    (file) => {
      const imported = [...source(file).matchAll(/^import (?:(.*) from )?"(.*)";$/gmu)];
      for (const [, names, from] of imported) {
        expect(["node:module", "node:url", "./node-version.js", "../lib/node-version.js"]).toContain(from);
        if (from === "node:module") expect(names).not.toContain("{");
      }
      expect(imported.length).toBe(source(file).match(/^import\b/gmu)?.length ?? 0);
    },
  );
});

function source(file: string): string {
  return readFileSync(`${ROOT}/${file}`, "utf8");
}

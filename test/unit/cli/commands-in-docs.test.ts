/** What the documentation tells its readers to type is there: commands, their options, npm scripts, files, imports. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as agents from "../../../src/agents/index.ts";
import { projectManifest } from "../../../src/cli/project.ts";
import * as client from "../../../src/client/index.ts";
import * as authoring from "../../../worker/authoring/index.ts";
import * as testing from "../../../worker/testing/index.ts";
import { countersignHere } from "../../support/cli.ts";
import { ROOT } from "../../support/service-process.ts";

/** Every page, with its code: lines of its blocks for a shell, continued ones as one, and what stands in backticks. */
const pages = ["README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md", ...pagesIn("docs")].map(
  (page) => {
    const text = readFileSync(join(ROOT, page), "utf8");
    const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gmsu)].map(([, block = ""]) => block);
    const lines = blocks.flatMap((block) => block.replaceAll(/\\\n/gu, " ").split("\n"));
    const words = [...text.replaceAll(/^```.*?^```$/gmsu, "").matchAll(/`([^`\n]+)`/gu)].map(
      ([, word = ""]) => word,
    );
    return { page, lines: lines.map((line) => line.replace(/\s#\s.*$/u, "")), words };
  },
);

function pagesIn(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".md")).map((name) => `${folder}/${name}`);
}

test("each command of the command line exists, and has the options that are named with it", async () => {
  const helps = new Map<string, string>();
  const all = (await countersignHere(["--help"], {})).stdout;
  for (const [, name = ""] of all.matchAll(/^ {2}([a-z]+) +[A-Z]/gmu)) {
    helps.set(name, (await countersignHere([name, "--help"], {})).stdout);
  }
  expect(helps.size).toBeGreaterThan(10);
  let seen = 0;
  for (const { page, lines, words } of pages) {
    for (const code of [...lines, ...words]) {
      for (const [call, name = ""] of code.matchAll(/(?<![\w./@-])countersign ([a-z]+)\b[^|;&)]*/gu)) {
        seen += 1;
        const help = helps.get(name);
        expect(help, `${page}: ${call}`).toBeDefined();
        for (const [option] of call.replaceAll(/'[^']*'/gu, "").matchAll(/(?<=\s)--[a-z-]+/gu)) {
          expect(help, `${page}: ${call}`).toContain(option);
        }
      }
    }
  }
  expect(seen).toBeGreaterThan(40);
});

test("each npm script exists, here or in the project that init writes", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const known = new Set([...Object.keys(scripts), ...Object.keys(projectManifest("a", "1").scripts ?? {})]);
  const typed = pages.flatMap(({ page, lines, words }) =>
    [...lines, ...words].flatMap((code) =>
      [...code.matchAll(/\bnpm run (?:-s )?([a-z][a-z0-9:]*)/gu)].map(([, name = ""]) => `${page}: ${name}`),
    ),
  );
  expect(typed.length).toBeGreaterThan(10);
  for (const entry of typed) expect(known, entry).toContain(entry.replace(/^.*: /u, ""));
});

test("each file of the repository that a command names exists", () => {
  const named = pages.flatMap(({ page, lines, words }) =>
    [...lines, ...words].flatMap((code) =>
      [...code.matchAll(/(?<![\w./-])(?:\.\/)?((?:src|test|views|findings|worker|docs)\/[\w./-]+)/gu)].map(
        ([, path = ""]) => `${page}: ${path}`,
      ),
    ),
  );
  expect(named.length).toBeGreaterThan(50);
  // Where you choose the name, it is in capitals, and the help of the program that writes the file has the same path.
  const written = execFileSync(process.execPath, [join(ROOT, "test/bench/main.ts"), "--help"], {
    encoding: "utf8",
  });
  const missing = named.filter((entry) => {
    const name = entry.replace(/^.*: /u, "");
    if (/\/[A-Z]+\.[a-z]+$/u.test(name) && written.includes(name)) return false;
    const path = join(ROOT, name);
    // A test is named without its ending, as vitest takes it; sources in Rust are another project's.
    return !existsSync(path) && !existsSync(`${path}.test.ts`) && !path.endsWith(".rs");
  });
  expect(missing).toEqual([]);
});

test("the installation page lists each entry of the package with what it really has", () => {
  const text = readFileSync(join(ROOT, "docs/install.md"), "utf8");
  const rows = [...text.matchAll(/^\| `(countersign(?:\/[a-z]+)?)` \| (.*) \|$/gmu)];
  const entries: Readonly<Record<string, object>> = {
    countersign: authoring,
    "countersign/client": client,
    "countersign/agents": agents,
    "countersign/testing": testing,
  };
  expect(rows.map(([, entry]) => entry)).toEqual(Object.keys(entries));
  for (const [, entry = "", told = ""] of rows) {
    const functions = Object.entries(entries[entry] ?? {}).filter(
      ([name, value]) => typeof value === "function" && /^[a-z]/u.test(name),
    );
    const names = [...told.matchAll(/`([a-z]\w*)`/giu)].map(([, name]) => name);
    expect(names, entry).toEqual(expect.arrayContaining(functions.map(([name]) => name)));
  }
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadAliases } from "../../../src/config/aliases.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aliases-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string) {
  const aliasesFile = join(folder, "aliases.yaml");
  writeFileSync(aliasesFile, text);
  return loadAliases({ aliasesFile });
}

test("a file names people and domains", () => {
  const { whoIs } = load(`
people:
  - [kim@example.com, k.mueller@example.com]
domains:
  - [example.com, example.de]
`);
  expect(whoIs("k.mueller@example.de")).toBe("kim@example.com");
  expect(whoIs("ana+x@example.com")).toBe("ana@example.com");
});

test("without a file, and with an empty one, addresses are compared by their form alone", () => {
  for (const { whoIs } of [loadAliases({ aliasesFile: undefined }), load("")]) {
    expect(whoIs("kim+x@googlemail.com")).toBe("kim@gmail.com");
  }
});

test("tags can be people", () => {
  const { whoIs } = load("plusTags: distinct");
  expect(whoIs("me+ana@example.com")).toBe("me+ana@example.com");
});

test.each([
  [
    "an address that is none",
    "people: [[kim, ana@example.com]]",
    "people[0][0] must be one plain mail address",
  ],
  ["a line of one", "people: [[kim@example.com]]", "people[0] "],
  ["a domain that is none", "domains: [[example.com, x]]", "domains[0][1] must be a domain"],
  [
    "an address in two lines",
    "people: [[a@example.com, b@example.com], [c@example.com, A@example.com]]",
    "people[1][1] A@example.com is in people[0] already",
  ],
  ["another word", "alias: []", "alias"],
  ["a list", "- a", "it must be"],
  ["no YAML", "people: [", ""],
])("%s is refused, by place", (_, text, message) => {
  expect(() => load(text)).toThrow(`ALIASES_FILE ${join(folder, "aliases.yaml")}`);
  expect(() => load(text)).toThrow(message);
});

test("a file that is not there is named", () => {
  expect(() => loadAliases({ aliasesFile: join(folder, "none.yaml") })).toThrow(
    /ALIASES_FILE .*none\.yaml cannot be read: ENOENT/u,
  );
});

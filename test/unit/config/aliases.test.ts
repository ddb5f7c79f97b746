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
  ["another word", "alias: []", "alias is not a known field"],
  ["a list", "- a", "it must be"],
  ["no YAML", "people: [", "Flow sequence in block collection must be"],
  [
    "a domain of Gmail",
    "domains: [[example.com, GoogleMail.com]]",
    "domains[0][1] must not be a domain of Gmail",
  ],
])("%s is refused, by place", (_, text, message) => {
  expect(() => load(text)).toThrow(`- ALIASES_FILE ${join(folder, "aliases.yaml")}: ${message}`);
});

/** Two lines with one of these each would be one person. */
test.each([
  ["a tag", "a@example.com", "a+t@example.com", ""],
  ["dots at gmail.com", "a.b@gmail.com", "ab@gmail.com", ""],
  ["googlemail.com", "ab@googlemail.com", "AB@gmail.com", ""],
  ["domains of one line", "a@example.de", "a@example.com", "domains: [[example.com, example.de]]"],
])(
  "an address that differs by %s from one of another line is refused, with the place of both",
  (_, one, other, domains) => {
    const text = `people: [[x@example.org, ${one}], [y@example.org, ${other}]]\n${domains}`;
    expect(() => load(text)).toThrow(`people[1][1] ${other} is in people[0] already, as ${one}`);
  },
);

test("an address that differs by its tag is another one, where tags are people", () => {
  const { whoIs } = load(
    "people: [[x@example.org, a@example.com], [y@example.org, a+t@example.com]]\nplusTags: distinct",
  );
  expect([whoIs("a@example.com"), whoIs("a+t@example.com")]).toEqual(["x@example.org", "y@example.org"]);
});

test("a line stands for a number of addresses that each approval can store", () => {
  const domains = Array.from({ length: 20 }, (_, i) => `d${i}.example.com`);
  const line = ["a", "b", "c"].map((name) => `${name}@d0.example.com`);
  const textOf = (addresses: readonly string[]) =>
    JSON.stringify({ people: [addresses], domains: [domains] });
  expect(load(textOf(line.slice(0, 2))).whoIs("b@d19.example.com")).toBe("a@d0.example.com");
  expect(() => load(textOf(line))).toThrow(
    "people[0] stands for 60 addresses with those in domains of one line; it must stand for at most 40",
  );
});

test("a file that is not there is named", () => {
  expect(() => loadAliases({ aliasesFile: join(folder, "none.yaml") })).toThrow(
    /ALIASES_FILE .*none\.yaml cannot be read: ENOENT/u,
  );
});

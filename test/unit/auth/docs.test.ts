import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SCOPES } from "../../../src/auth/scopes.ts";

const root = new URL("../../../", import.meta.url);
const docs = readFileSync(new URL("docs/security.md", root), "utf8");

test("docs/security.md lists every scope, and no other", () => {
  const section = docs.slice(docs.indexOf("## API keys"), docs.indexOf("\n## Tokens"));
  const listed = [...section.matchAll(/^\| `([a-z:-]+)` \| /gm)].map(([, scope]) => scope);
  expect(listed).toEqual(Object.keys(SCOPES));
});

test("docs/security.md names for each rule of its checklist a test that there is", () => {
  const rules = [...docs.matchAll(/^\| (.+?) \| `(test\/[\w./-]+\.test\.ts)` (.+?) \|$/gm)];
  expect(rules.length).toBeGreaterThan(30);
  for (const [, rule, file, name] of rules) {
    const path = new URL(file!, root);
    expect(existsSync(path), `${rule}: ${file}`).toBe(true);
    expect(readFileSync(path, "utf8"), `${rule}: ${file}`).toContain(name!);
  }
});

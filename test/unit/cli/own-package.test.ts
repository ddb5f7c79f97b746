/** What a project that `countersign init` writes depends on: the package that wrote it, wherever that came from. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownPackage } from "../../../src/cli/own-package.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countersign-own-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const MANIFEST = '{ "version": "1.2.3" }';

/** Our folder, as npm installed it into `shop`; with what npm noted. */
function installed(resolved?: string): string {
  const root = join(folder, "shop/node_modules/countersign");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "package.json"), MANIFEST);
  if (resolved !== undefined) {
    const packages = { "node_modules/countersign": { version: "1.2.3", resolved } };
    writeFileSync(join(folder, "shop/node_modules/.package-lock.json"), JSON.stringify({ packages }));
  }
  return root;
}

test.each([
  ["from the registry", "https://registry.npmjs.org/countersign/-/countersign-1.2.3.tgz", "^1.2.3"],
  ["from a file", "file:../packs/countersign-1.2.3.tgz", "file:../../packs/countersign-1.2.3.tgz"],
  [
    "from a repository",
    "git+ssh://git@example.com/ops/a.git#1f2e",
    "git+ssh://git@example.com/ops/a.git#1f2e",
  ],
  [
    "from a web server",
    "https://example.com/a/countersign-1.2.3.tgz",
    "https://example.com/a/countersign-1.2.3.tgz",
  ],
  ["by another program than npm", undefined, "^1.2.3"],
])("installed %s", (_, resolved, specifier) => {
  expect(ownPackage(join(folder, "shop/approvals"), installed(resolved))).toEqual({ specifier });
});

test("in a checkout: the file that npm pack makes there, and whether that is still to be made", () => {
  const checkout = join(folder, "countersign");
  mkdirSync(checkout);
  writeFileSync(join(checkout, "package.json"), MANIFEST);
  const project = join(folder, "approvals");
  const specifier = "file:../countersign/countersign-1.2.3.tgz";
  expect(ownPackage(project, checkout)).toEqual({ specifier, unpacked: checkout });
  writeFileSync(join(checkout, "countersign-1.2.3.tgz"), "");
  expect(ownPackage(project, checkout)).toEqual({ specifier });
});

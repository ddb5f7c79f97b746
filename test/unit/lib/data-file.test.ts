import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readDataFile } from "../../../src/lib/data-file.ts";

const folder = mkdtempSync(join(tmpdir(), "data-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["a.json", '{"a":{"b":1,"b":2}}', "/a/b stands twice"],
  ["a.yaml", "a:\n  b: 1\n  b: 2\n", "Map keys must be unique"],
])(
  "a name that stands twice in %s is an error, because programs read it in different ways",
  (name, text, why) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    expect(() => readDataFile(path)).toThrow(why);
  },
);

/** What `countersign dev` takes for a change: files and folders of a real disk. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WatchedFiles } from "../../../src/cli/watched-files.ts";
import { eventually } from "../../support/eventually.ts";

let folder: string;
let files: WatchedFiles;
/** Within the folder. */
let changes: Set<string>;
let faults: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countersign-watched-"));
  changes = new Set();
  faults = [];
  files = new WatchedFiles({
    except: join(folder, "data"),
    onChange: (path) => changes.add(relative(folder, path)),
    onFault: (path, reason) => faults.push(`${relative(folder, path)} ${reason}`),
  });
});
afterEach(() => {
  files.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
function write(name: string, text = "text"): void {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
}
const seen = (name: string) => eventually(`${name} has changed`, () => changes.has(name));

test("a file, also one that comes later and one that is replaced, but not its neighbours", async () => {
  write("package.json");
  files.file(at("package.json"));
  files.file(at(".env"));
  write("notes.txt");
  write(".env");
  await seen(".env");
  changes.clear();
  write("package.json.tmp");
  renameSync(at("package.json.tmp"), at("package.json"));
  await seen("package.json");
  changes.clear();
  write("package.json", "new");
  await seen("package.json");
  expect([...changes]).toEqual(["package.json"]);
  expect(faults).toEqual([]);
});

test("a file that changed after it was read, and before it was watched", async () => {
  write("read.ts");
  const { ctimeMs } = statSync(at("read.ts"));
  files.file(at("read.ts"), ctimeMs + 1);
  files.file(at("missing.ts"), 0);
  expect([...changes]).toEqual([]);
  write("imported.ts");
  files.file(at("imported.ts"), ctimeMs - 1);
  expect([...changes]).toEqual(["imported.ts"]);
  // Once: from then on, its changes are seen.
  changes.clear();
  files.file(at("imported.ts"), ctimeMs - 1);
  expect([...changes]).toEqual([]);
});

test("a file whose folder comes later: first the folder, and after the next call the file", async () => {
  files.file(at("shared/deep/file.ts"));
  write("shared/deep/file.ts");
  await seen("shared");
  files.file(at("shared/deep/file.ts"));
  changes.clear();
  write("shared/deep/file.ts", "new");
  await seen("shared/deep/file.ts");
  // The folder goes, and another of its name comes.
  rmSync(at("shared"), { recursive: true });
  await eventually("it is gone", () => changes.size > 0);
  write("shared/deep/file.ts");
  files.file(at("shared/deep/file.ts"));
  changes.clear();
  write("shared/deep/file.ts", "newer");
  await seen("shared/deep/file.ts");
});

test("a folder with those within it, but nothing hidden, installed, left by an editor or stored", async () => {
  write("data/journal");
  write("workflows/node_modules/zod/index.js");
  files.tree(folder);
  for (const name of [
    ".git/index",
    "workflows/node_modules/zod/index.js",
    "buy.ts~",
    "data/journal",
    "data2",
  ]) {
    write(name, "new");
  }
  await seen("data2");
  write("workflows/shared/prices.json");
  await seen("workflows/shared");
  write("workflows/shared/prices.json", "new");
  await seen("workflows/shared/prices.json");
  const ignored = [...changes].filter((name) => /^data(?:\/|$)|node_modules|~$|(?:^|\/)\./u.test(name));
  expect(ignored).toEqual([]);
});

test("a folder that is removed and comes again", async () => {
  write("workflows/buy.ts");
  files.tree(at("workflows"));
  rmSync(at("workflows"), { recursive: true });
  await eventually("it is gone", () => changes.size > 0);
  files.tree(at("workflows"));
  changes.clear();
  write("workflows/buy.ts");
  await seen("workflows");
  files.tree(at("workflows"));
  changes.clear();
  write("workflows/buy.ts", "new");
  await seen("workflows/buy.ts");
});

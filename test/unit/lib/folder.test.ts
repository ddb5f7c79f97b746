import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makeFolder } from "../../../src/lib/folder.ts";
import { HANGS_MS } from "../../support/eventually.ts";

describe("makeFolder()", () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-folder-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  test("makes every folder on the way, for the owner only, and nothing of what is there", () => {
    const path = join(dir, "a", "b", "c");
    makeFolder(path);
    makeFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "a")).mode & 0o777).toBe(0o700);
  });

  test("refuses a file, and a folder within one", () => {
    const file = join(dir, "file");
    writeFileSync(file, "");
    expect(() => makeFolder(file)).toThrow("EEXIST");
    expect(() => makeFolder(join(file, "x", "y"))).toThrow("ENOTDIR");
  });

  test("ends where a file system takes no folder and says that there is none", () => {
    // In a process of its own: what this guards against never comes back.
    const module = new URL("../../../src/lib/folder.ts", import.meta.url).href;
    const script = `const { makeFolder } = await import(${JSON.stringify(module)});
      try { makeFolder("/proc/countersign/data"); } catch (error) { console.log(error.code); }`;
    const done = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      timeout: HANGS_MS,
      killSignal: "SIGKILL",
      encoding: "utf8",
    });
    expect(done.stdout).toMatch(/^E[A-Z]+\n$/u);
  });
});

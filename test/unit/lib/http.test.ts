import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("nothing that a start loads brings in undici, which would make it 30 ms longer", () => {
  const modules = ["processes/compose-all.ts", "engine/serve/thread-entry.ts"].map(
    (path) => `../../../src/${path}`,
  );
  for (const module of modules) {
    const script = `
      await import(${JSON.stringify(new URL(module, import.meta.url).href)}).catch(() => {});
      const loaded = process.moduleLoadList.filter((name) => /undici$/.test(name));
      process.stdout.write(JSON.stringify([loaded, process.moduleLoadList.includes("NativeModule http")]));
      process.exit();
    `;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    expect(JSON.parse(stdout), module).toEqual([[], true]);
  }
});

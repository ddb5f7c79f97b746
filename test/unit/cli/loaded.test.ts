import { expect, test } from "vitest";
import { filesLoadedBy } from "../../support/loaded-files.ts";

const ENGINE = /\/src\/engine\//u;
const LIBRARIES = /\/node_modules\/(?:@resonatehq\/sdk|zod|pino|express|luxon|yaml)\//u;

/** What `countersign` with these words reads, and then ends by itself. */
const loadedFor = (...words: readonly string[]) =>
  filesLoadedBy(`
    const { run } = await import(${JSON.stringify(new URL("../../../src/cli/main.ts", import.meta.url).href)});
    const io = { env: { DATA_DIR: "/nowhere/at-all" }, isTerminal: false, out: () => {}, err: () => {} };
    await run(${JSON.stringify(words)}, io);
  `).files;

test.each([[["--help"]], [["get", "--help"]], [["init", "--help"]], [["wait", "a", "b"]]])(
  "countersign %j reads neither the engine nor a library",
  (words) => {
    const files = loadedFor(...words);
    expect(files.filter((file) => ENGINE.test(file) || LIBRARIES.test(file))).toEqual([]);
  },
);

test("a command that asks the engine over HTTP does not read the engine itself; one for its file does", () => {
  const asking = loadedFor("get", "a");
  expect(asking.filter((file) => ENGINE.test(file))).toEqual([]);
  expect(asking.some((file) => file.includes("/src/durable/"))).toBe(true);
  expect(loadedFor("doctor").some((file) => ENGINE.test(file))).toBe(true);
});

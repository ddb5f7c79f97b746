import { expect, test } from "vitest";
import { filesLoadedBy, type Loaded } from "../../support/loaded-files.ts";

/** What each thread reads before it is ready, by the files that read it. */
const THREADS = {
  first: ["config/config.ts", "processes/embedded-engine.ts", "processes/compose-all.ts"],
  engine: ["processes/engine-thread.ts"],
  "engine with its first task": ["processes/engine-thread.ts", "processes/built-ins.ts"],
  workflows: ["processes/workflows-thread.ts"],
  "worker with the engine elsewhere": ["processes/worker-thread.ts"],
} as const;

/** Read when they are first needed: each of them takes 10 to 70 ms, and megabytes. */
const LATER = [
  "jsonwebtoken",
  "markdown-it",
  "messageformat",
  "nodemailer/dist/cjs",
  "jose",
  "yaml",
  "postal-mime",
  "smtp-server",
  "@modelcontextprotocol",
];
const SDK = ["@resonatehq/sdk", "cron-parser", "luxon"];
const HTTP = ["express", "mime-db"];

test.each([
  ["first", [...LATER, ...SDK]],
  ["engine", [...LATER, ...SDK, ...HTTP, "zod", "pino", "ejs"]],
  ["engine with its first task", [...LATER, ...HTTP]],
  ["workflows", [...LATER, ...HTTP]],
  ["worker with the engine elsewhere", [...LATER, ...HTTP]],
] as const)("the %s thread loads nothing that its start can do without", (thread, unneeded) => {
  const { files, builtIns } = loadedBy(THREADS[thread]);
  // An import of undici, which nobody asked for, would make it 30 ms longer.
  expect(builtIns.filter((name) => name.endsWith("undici"))).toEqual([]);
  expect(builtIns).toContain("NativeModule worker_threads");
  const loaded = unneeded.filter((name) => files.some((file) => file.includes(`/node_modules/${name}/`)));
  expect(loaded).toEqual([]);
});

test("the first thread loads neither the description of the API nor the kinds of webhooks before the first use", () => {
  const { files } = loadedBy(THREADS.first);
  const ours = files.filter((file) => /\/(?:src|worker)\/.*\.ts$/u.test(file));
  expect(ours.some((file) => file.endsWith("/src/gateway/app.ts"))).toBe(true);
  const folders =
    /\/(?:src\/mcp\/(?:serve|tools)|src\/openapi\/(?:operations|schemas|document)|src\/webhooks\/schem|worker\/workflows\/)/u;
  expect(ours.filter((file) => folders.test(file))).toEqual([]);
});

test("the look at what a thread loads sees packages, also those that are required", () => {
  const { files } = loadedBy(["channels/mail/mime.ts", "processes/built-ins.ts"]);
  for (const name of ["nodemailer", "cron-parser", "luxon"]) {
    expect(files.some((file) => file.includes(`/node_modules/${name}/`))).toBe(true);
  }
});

/** None of them is started: a thread's file ends where it finds no thread, after its imports. */
function loadedBy(paths: readonly string[]): Loaded {
  const modules = paths.map((path) => new URL(`../../../src/${path}`, import.meta.url).href);
  return filesLoadedBy(
    `for (const module of ${JSON.stringify(modules)}) await import(module).catch(() => {});`,
  );
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { NO_KNOWN_PEOPLE } from "../../../../src/approval/same-person.ts";
import {
  type CreateWorkerOptions,
  createWorker,
  defineWorkflow,
} from "../../../../worker/authoring/index.ts";
import { checkOptions } from "../../../../worker/embedding/options.ts";

const restock = defineWorkflow({ name: "restock", *run() {} });
const good = { url: "http://127.0.0.1:8001", workflows: [restock] };

/** What is said of these options, in place of the good ones. */
function problemWith(options: Readonly<Record<string, unknown>>): string {
  try {
    createWorker({ ...good, ...options });
  } catch (error) {
    return error instanceof TypeError ? error.message : String(error);
  }
  throw new Error(`These are taken: ${JSON.stringify(options)}`);
}

test("what is left out has a default", () => {
  expect(checkOptions(good)).toEqual({
    url: "http://127.0.0.1:8001",
    token: undefined,
    workflows: [restock],
    group: "app",
    countersignGroup: "worker",
    known: NO_KNOWN_PEOPLE,
    concurrency: 50,
    leaseMs: 15_000,
    log: undefined,
  });
});

test("the token may be the content of a file, and an address may end in a slash", () => {
  const url = "https://resonate.example.com/engine/";
  const settings = checkOptions({ ...good, url, token: "a.b-c\n" });
  expect(settings).toMatchObject({ url: "https://resonate.example.com/engine", token: "a.b-c" });
  // Over a network a sign of life may come late.
  expect(settings.leaseMs).toBe(60_000);
});

test.each([
  ["url", undefined],
  ["url", ""],
  ["url", "127.0.0.1:8001"],
  ["url", "postgres://127.0.0.1/engine"],
  ["url", "http://user:word@127.0.0.1:8001"],
  ["url", "http://127.0.0.1:8001?token=x"],
  ["url", new URL("http://127.0.0.1:8001")],
  ["token", ""],
  ["token", "two words"],
  ["token", "näh"],
  ["token", 7],
  ["workflows", undefined],
  ["workflows", []],
  ["workflows", restock],
  ["workflows", Object.assign([], { length: 1_001 })],
  ["group", ""],
  ["group", "my shop"],
  ["group", "-shop"],
  ["group", "x".repeat(65)],
  ["group", null],
  ["countersignGroup", "my worker"],
  ["aliasesFile", ""],
  ["aliasesFile", { people: [] }],
  ["concurrency", 0],
  ["concurrency", 1.5],
  ["concurrency", "50"],
  ["leaseMs", 999],
  ["leaseMs", Number.NaN],
  ["log", "warn"],
  ["log", { warn() {} }],
])("a wrong %s is named (%#)", (name, value) => {
  expect(problemWith({ [name]: value })).toMatch(new RegExp(`^Cannot create a worker: ${name} must be`, "u"));
});

test("an option that is misspelt is named, with those that there are", () => {
  expect(problemWith({ workflow: restock })).toBe(
    "Cannot create a worker: workflow is not a known option: there are url, token, workflows, group, countersignGroup, aliasesFile, concurrency, leaseMs, log",
  );
});

test("the file of aliases is the service's, and everything that is wrong in it is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-aliases-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const aliasesFile = join(folder, "aliases.yaml");
  writeFileSync(aliasesFile, "people:\n  - [kim@example.com, k.mueller@example.org]\n");
  const { whoIs } = checkOptions({ ...good, aliasesFile }).known;
  expect(whoIs("k.mueller@example.org")).toBe(whoIs("kim@example.com"));
  writeFileSync(aliasesFile, "people:\n  - [kim@example.com]\n  - [bo@example.com, none]\n");
  expect(problemWith({ aliasesFile })).toMatch(
    /aliasesFile .*aliases\.yaml: people\[0\] .*people\[1\]\[1\] must/u,
  );
  expect(problemWith({ aliasesFile: join(folder, "other.yaml") })).toMatch(
    /aliasesFile .* cannot be read: ENOENT/u,
  );
  expect(problemWith({ aliasesFile: folder })).toMatch(/aliasesFile/u);
});

test("a workflow that is none is named by its place, with what is wrong about it", () => {
  const plain = { name: "restock", *run() {} };
  expect(problemWith({ workflows: [restock, plain] })).toBe(
    "Cannot create a worker: workflows[1] must be what defineWorkflow({ name, run }) answers",
  );
  expect(problemWith({ workflows: [{ ...restock, version: 0 }] })).toContain(
    "workflows[0]: version must be a whole number",
  );
  expect(problemWith({ workflows: [{ ...restock, name: "approval" }] })).toContain(
    "workflows[0]: name must be another",
  );
  expect(problemWith({ workflows: [restock, restock] })).toContain(
    "workflows[1]: restock version 1 is workflows[0] already",
  );
});

test("Countersign's groups are not your program's: each would be given the other's work", () => {
  for (const group of ["worker", "gateway", "cli"])
    expect(problemWith({ group })).toContain(
      `group must be one of your program's own, not Countersign's ${group}`,
    );
  const others = { group: "hands", countersignGroup: "hands" };
  expect(problemWith(others)).toContain("group must be one of your program's own");
  expect(checkOptions({ ...good, group: "worker", countersignGroup: "hands" }).group).toBe("worker");
});

test("everything that is wrong is told at once, and no secret with it", () => {
  const problem = problemWith({
    url: "http://me:hunter2@host",
    token: "hunter2 ",
    concurrency: 0,
    group: "a b",
  });
  for (const name of ["url", "group", "concurrency"]) expect(problem).toContain(`${name} must be`);
  expect(problem).not.toContain("hunter2");
  expect(() => createWorker(undefined as unknown as CreateWorkerOptions)).toThrow(
    "its options must be an object",
  );
});

/** The client as it is published: built, used from outside, and its examples typed as they stand in the docs. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openApiDocument } from "../../../src/openapi/document.ts";
import { typescriptTypes } from "../../../src/openapi/typescript.ts";
import { openRig, type Rig } from "../gateway/rig.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const run = promisify(execFile);
const bin = (name: string) => join(ROOT, "node_modules", ".bin", name);

test("src/client/api-types.ts is what `npm run generate` makes of the schemas", async () => {
  const made = typescriptTypes(openApiDocument({ url: "", version: "" }));
  const formatting = run(bin("biome"), ["format", "--stdin-file-path=src/client/api-types.ts"], {
    cwd: ROOT,
  });
  formatting.child.stdin?.end(made);
  const { stdout } = await formatting;
  expect(readFileSync(join(ROOT, "src/client/api-types.ts"), "utf8")).toBe(stdout);
});

describe("countersign-client", () => {
  let dir: string;
  let rig: Rig;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "countersign-client-"));
    const target = join(dir, "node_modules", "countersign-client");
    mkdirSync(target, { recursive: true });
    await run(bin("tsc"), ["-p", "src/client", "--outDir", target], { cwd: ROOT });
    writeFileSync(join(target, "package.json"), readFileSync(join(ROOT, "src/client/package.json")));
    writeFileSync(join(dir, "package.json"), '{"type":"module"}');
    rig = await openRig();
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  const docs = readFileSync(join(ROOT, "docs/client.md"), "utf8");
  const examples = [...docs.matchAll(/^```ts\n([\s\S]+?)^```$/gm)].map(([, code]) => code!);

  test("has the version of the service", () => {
    const version = (path: string) =>
      (JSON.parse(readFileSync(join(ROOT, path), "utf8")) as { version: string }).version;
    expect(version("src/client/package.json")).toBe(version("package.json"));
  });

  test("types every example of docs/client.md for a strict program", async () => {
    expect(examples).toHaveLength(4);
    for (const [i, code] of examples.entries()) writeFileSync(join(dir, `example-${i}.ts`), code);
    const options = {
      module: "NodeNext",
      target: "ES2024",
      lib: ["ESNext"],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
    };
    const types = { types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")] };
    const config = {
      compilerOptions: { ...options, ...types, exactOptionalPropertyTypes: true },
      include: ["*.ts"],
    };
    writeFileSync(join(dir, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = await run(bin("tsc"), ["-p", dir]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });

  const example = async (i: number): Promise<string> => {
    const code = examples[i]!.replaceAll("https://approvals.example.com", rig.url)
      .replace("30_000", "0")
      .replace("apv_…", "apv_none_needed");
    writeFileSync(join(dir, `run-${i}.ts`), code);
    const { stdout } = await run(process.execPath, [`run-${i}.ts`], { cwd: dir });
    return stdout;
  };

  test("runs the example that requests an approval", async () => {
    expect(await example(0)).toBe("pending [ 'ana@example.com' ]\n");
    expect(await rig.link("po-4711", "approve")).toMatch(/^\/d\//);
  });

  test("runs the example that starts a workflow", async () => {
    expect(await example(1)).toMatch(/World/);
  });

  test("runs the example of an error", async () => {
    expect(await example(2)).toMatch(/^422 invalid-fields \[ \{ field: 'approvers'/);
  });

  test("publishes nothing but JavaScript and types, and depends on nothing", () => {
    const text = readFileSync(join(dir, "node_modules/countersign-client/index.js"), "utf8");
    expect(text).not.toContain(".ts");
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, "src/client/package.json"), "utf8")) as {
      dependencies?: object;
    };
    expect(dependencies).toBeUndefined();
  });
});

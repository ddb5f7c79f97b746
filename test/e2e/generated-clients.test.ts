/**
 * Clients that others' programs make from `/openapi.json`: four of them, in three languages, are made, compiled and have
 * the same conversation with the service. What each of the programs cannot read would otherwise be found by our users.
 */
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OPERATIONS } from "../../src/openapi/operations.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { openSite, type Site, type SiteEnv } from "../support/site.ts";

const CLIENTS = new URL("../clients/", import.meta.url).pathname;
const SECRET = "a secret of the test";
const SOURCES = `
sources:
  acme:
    scheme: hmac
    secrets: [{ env: ACME_SECRET }]
    header: x-acme-signature
    encoding: hex
    signed: "{body}"
    promise: "order-\${order}:1"
    resolve: { path: type, equals: paid }
`;
const WEBHOOK_BODY = '{"type":"note", "order":1}';

let site: Site;
let url = "";
/** Where the programs that make clients are. */
let tools = "";
/** Where clients are made. */
let work = "";

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "clients-"));
  tools = (await run("bash", [join(CLIENTS, "prepare.sh")])).trim();
  site = await openSite();
  const file = join(site.dataDir, "webhooks.yaml");
  await writeFile(file, SOURCES);
  const env = { WEBHOOKS_FILE: file, ACME_SECRET: SECRET } as SiteEnv;
  url = (await site.start("all", env)).url;
  await writeFile(join(work, "openapi.json"), await (await fetch(`${url}/openapi.json`)).text());
});

afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true });
});

// A server keeps what earlier runs have started, and ends an approval some 100 ms after the press.
beforeEach((ctx) => needsEmbeddedEngine(ctx, "the clients' ids are fixed, and they look at once"));

/** Runs a program to its end and answers what it wrote. @throws with what it wrote to standard error */
async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd, env } = options;
  const { stdout } = await promisify(execFile)(command, [...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a program that talks needs to know. */
const conversation = (name: string): Readonly<Record<string, string>> => ({
  SERVICE_URL: url,
  CLIENT_NAME: name,
  WEBHOOK_BODY,
  WEBHOOK_HEADERS: JSON.stringify({
    "x-acme-signature": createHmac("sha256", SECRET).update(WEBHOOK_BODY).digest("hex"),
  }),
});

const TOLD = {
  ready: "ready",
  greeting: "Hello, World! Welcome to durable execution.",
  require: "any",
  days: 7,
  waitingFor: ["ana@example.com", "bo@example.com"],
  decided: [true, "decided", "ana@example.com", true],
  ended: "resolved",
  outcome: ["approved", "Fine", true],
  cancelled: "cancelled",
  refused: [422, ["approvers[0]"]],
  unknown: "/problems/not-found",
  callbacks: 0,
  webhook: ["acme", "ignored"],
};

/** The name of each operation, as the program writes names. */
const names = (spelling: (id: string) => string) => OPERATIONS.map(({ id }) => spelling(id));
const snake = (id: string) => id.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const openapiGenerator = (language: string, more: readonly string[]) =>
  run(
    join(tools, "py/bin/openapi-generator-cli"),
    ["generate", "-i", "openapi.json", "-g", language, ...more],
    // It runs for some seconds: what a virtual machine does to be quick later costs more than it brings.
    { cwd: work, env: { JDK_JAVA_OPTIONS: "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" } },
  );

describe("a client made from /openapi.json", () => {
  test("by openapi-typescript compiles and talks", async () => {
    const dir = join(work, "ts");
    await mkdir(dir);
    await writeFile(join(dir, "package.json"), '{"type":"module"}');
    await symlink(join(tools, "ts/node_modules"), join(dir, "node_modules"));
    await run(join(tools, "ts/node_modules/.bin/openapi-typescript"), [
      join(work, "openapi.json"),
      "--output",
      join(dir, "schema.d.ts"),
    ]);
    await cp(join(CLIENTS, "client.ts"), join(dir, "client.ts"));
    const types = new URL("../../node_modules/@types", import.meta.url).pathname;
    const flags =
      "--noEmit --strict --skipLibCheck --allowImportingTsExtensions --target es2024 --module nodenext";
    await run(
      join(tools, "ts/node_modules/.bin/tsc"),
      [...flags.split(" "), "--types", "node", "--typeRoots", types, "client.ts"],
      { cwd: dir },
    );
    const told = await run(process.execPath, ["client.ts"], { cwd: dir, env: conversation("ts") });
    expect(JSON.parse(told)).toEqual(TOLD);
    const schema = await readFile(join(dir, "schema.d.ts"), "utf8");
    for (const id of names((id) => id)) expect(schema).toContain(`operations["${id}"]`);
  });

  test("by openapi-python-client leaves nothing out and talks", async () => {
    const dir = join(work, "python/generated");
    const config = join(CLIENTS, "python-client.yaml");
    const args = `generate --path openapi.json --meta none --fail-on-warning --config ${config} --output-path ${dir}`;
    await mkdir(join(work, "python"));
    await run(join(tools, "py/bin/openapi-python-client"), args.split(" "), { cwd: work });
    const env = { ...conversation("python"), PYTHONPATH: join(work, "python") };
    const told = await run(join(tools, "py/bin/python"), [join(CLIENTS, "client.py")], { env });
    expect(JSON.parse(told)).toEqual(TOLD);
    const made = await run("find", [join(dir, "api"), "-name", "*.py"]);
    for (const name of names(snake)) expect(made).toContain(`/${name}.py`);
  });

  test("by OpenAPI Generator for Python takes what the service answers", async () => {
    await openapiGenerator("python", ["-o", "pydantic", "--additional-properties", "packageName=generated"]);
    const env = { ...conversation("pydantic"), PYTHONPATH: join(work, "pydantic") };
    const told = await run(join(tools, "py/bin/python"), [join(CLIENTS, "pydantic_client.py")], { env });
    expect(JSON.parse(told)).toEqual(TOLD);
    const made = await run("cat", ["-s", ...(await filesOf("pydantic/generated/api", "*_api.py"))]);
    for (const name of names(snake)) expect(made).toContain(`def ${name}(`);
  });

  test("by OpenAPI Generator for Go compiles and talks", async () => {
    await openapiGenerator("go", [
      "-o",
      "go/api",
      "--additional-properties",
      "packageName=api,withGoMod=false",
    ]);
    const dir = join(work, "go");
    await rm(join(dir, "api/test"), { recursive: true, force: true });
    const mod = "module generated\n\ngo 1.23\n\nrequire gopkg.in/validator.v2 v2.0.1\n";
    await writeFile(join(dir, "go.mod"), mod);
    await cp(join(CLIENTS, "client.go"), join(dir, "main.go"));
    const folders = { GOCACHE: join(tools, "go-cache"), GOMODCACHE: join(tools, "go-modules") };
    // The first build on a machine compiles Go's own library: a program that talks once is worth no optimisation, nor C.
    const quick = ["-gcflags=all=-N -l", "-ldflags=-s -w"];
    await run(join(tools, "bin/go"), ["build", ...quick, "-o", "client", "."], {
      cwd: dir,
      env: { ...folders, CGO_ENABLED: "0", GOFLAGS: "-mod=mod -modcacherw", GOTOOLCHAIN: "local" },
    });
    const told = await run(join(dir, "client"), [], { env: conversation("go") });
    expect(JSON.parse(told)).toEqual(TOLD);
    const made = await run("cat", await filesOf("go/api", "api_*.go"));
    for (const name of names((id) => id.charAt(0).toUpperCase() + id.slice(1)))
      expect(made).toContain(`) ${name}(ctx context.Context`);
  });
});

async function filesOf(folder: string, pattern: string): Promise<string[]> {
  return (await run("find", [join(work, folder), "-name", pattern])).trim().split("\n");
}

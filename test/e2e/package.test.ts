/**
 * The package as it is published: packed, installed into an empty folder outside the checkout, and used from there as the
 * guide "Your own workflows" says, from its first command to a workflow that outlives a change of its code and kill -9.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FIRST_CALL } from "../../src/cli/project.ts";
import { Api } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { blocksIn } from "../support/guide-code.ts";
import { call, post } from "../support/http.ts";
import { mailsInFolder } from "../support/mails.ts";
import { freePort } from "../support/ports.ts";
import { press } from "../support/press.ts";
import { ROOT } from "../support/service-process.ts";

const run = promisify(execFile);

/** How this machine reaches the registry: through a proxy, or with certificates of its own. */
const NETWORK =
  /^(?:NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|SSL_CERT_FILE|SSL_CERT_DIR|https?_proxy|no_proxy|npm_config_(?:registry|cafile|proxy|https_proxy|noproxy))$/iu;

/** A stranger's: the checkout's Node, and nothing of the npm that runs the tests. */
const ENV = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => NETWORK.test(name))),
  PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
  HOME: process.env["HOME"] ?? "",
  npm_config_prefer_offline: "true",
  npm_config_loglevel: "error",
  // Requests to the registry of which no test says anything.
  npm_config_audit: "false",
  npm_config_update_notifier: "false",
  // By itself, npm waits five minutes for a request that got stuck, and then tries again.
  npm_config_fetch_timeout: "60000",
  npm_config_fetch_retries: "5",
};

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly entryCount: number;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
/** A project that has installed the package. */
let project: string;
let packed: Packed;
/** What the guide's commands printed. */
let typed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "countersign-package-"));
  // From a copy: other tests read the checkout meanwhile, and its `dist` is whose who works in it.
  const source = join(folder, "countersign");
  await mkdir(source);
  for (const name of [
    "bin",
    "deploy/package",
    "src",
    "views",
    "worker",
    "package.json",
    "README.md",
    "LICENSE",
  ]) {
    await cp(join(ROOT, name), join(source, name), { recursive: true });
  }
  for (const name of ["tsconfig.json", "tsconfig.build.json"]) await cp(join(ROOT, name), join(source, name));
  await run("ln", ["-s", join(ROOT, "node_modules"), join(source, "node_modules")]);
  const { stdout } = await run("npm", ["pack", "--silent", "--json"], { cwd: source });
  [packed] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [Packed];
  // As a stranger types it, beside that checkout.
  const [guide = ""] = blocksIn("guides/workflows.md", "sh");
  expect(guide).toMatch(/\nnpm run dev\n$/u);
  typed = await shell(guide.replace(/npm run dev\n$/u, ""), folder);
  project = join(folder, "approvals");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the package is small, with all that it needs, and holds no sources, no tests and no Node", async () => {
  const { size, unpackedSize, files } = packed;
  const installed = await installedSize();
  const kB = (bytes: number) => `${Math.round(bytes / 1_000)} kB`;
  console.log(
    `The package: ${kB(size)} packed, ${kB(unpackedSize)} unpacked, ${kB(installed)} with all it needs`,
  );
  // What you download, and what it takes on your disk. How many files that is makes no difference to you.
  expect(size).toBeLessThan(800_000);
  expect(unpackedSize).toBeLessThan(2_800_000);
  // Only what the exports reach: the next test compiles a program against each, with all declarations behind it.
  expect(files.filter(({ path }) => path.endsWith(".d.ts")).length).toBeLessThan(100);
  expect(installed).toBeGreaterThan(unpackedSize);
  // A quarter of it are OpenTelemetry's names of everything, which its exporters need.
  // 8 MB of it are the SDK of the Model Context Protocol, most of which are source maps and a second copy in CommonJS.
  expect(installed).toBeLessThan(56_000_000);
  for (const { path } of files) {
    expect(path).toMatch(/^(?:(?:bin|dist\/lib|dist\/types|views)\/|(?:package\.json|README\.md|LICENSE)$)/u);
    expect(path).not.toMatch(/(?<!\.d)\.ts$/u);
  }
  expect(existsSync(join(project, "node_modules/node"))).toBe(false);
});

test("its entries load, by import and by require, and their types are there for a strict program", async () => {
  const names = {
    countersign: "requestApproval",
    "countersign/client": "createClient",
    "countersign/agents": "requireApproval",
    "countersign/testing": "testWorkflow",
  };
  const entries = Object.entries(names);
  const programs = {
    module: entries.map(([entry, name]) => `import { ${name} } from "${entry}";`),
    commonjs: entries.map(([entry, name]) => `const { ${name} } = require("${entry}");`),
  };
  const told = `process.stdout.write([${Object.values(names)
    .map((name) => `typeof ${name}`)
    .join()}].join())`;
  for (const [type, lines] of Object.entries(programs)) {
    const program = [...lines, told].join("\n");
    const { stdout } = await run(process.execPath, [`--input-type=${type}`, "-e", program], { cwd: project });
    expect(stdout).toBe("function,function,function,function");
  }
  const strict = join(project, "strict");
  await mkdir(strict);
  await writeFile(join(strict, "purchase.ts"), PURCHASE);
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2022",
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    types: [],
  };
  await writeFile(join(strict, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const { stdout } = await run(join(ROOT, "node_modules/.bin/tsc"), ["-p", strict]).catch(
    (error: { readonly stdout: string }) => error,
  );
  expect(stdout).toBe("");
});

const PURCHASE = `import { requestApproval, waitForWebhook } from "countersign";
import { createClient } from "countersign/client";
import { requireApproval } from "countersign/agents";
import { testWorkflow } from "countersign/testing";
import type { Context } from "@resonatehq/sdk";

export function* purchase(ctx: Context, order: { readonly item: string }) {
  const { outcome } = yield* requestApproval(ctx, { title: \`Buy \${order.item}\`, approvers: ["ana@example.com"] });
  if (outcome !== "approved") return { outcome };
  const paid = yield* waitForWebhook(ctx, { source: "stripe", match: { order: order.item }, timeout: "P3D" });
  return { outcome: paid.outcome };
}

export const used = [createClient, requireApproval, testWorkflow];
`;

test("a rehearsal runs from it, on the command line and in a test of one's own", async () => {
  const [spec = "", people = "", , expected = ""] = blocksIn("guides/rehearsal.md", "yaml");
  const [code = ""] = blocksIn("guides/rehearsal.md", "ts");
  const own = join(project, "rehearsals");
  await mkdir(own);
  const files = { "purchase.yaml": spec, "people.yaml": people, "outcome.yaml": expected, "own.mjs": code };
  for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text);
  const [played = "", checked = ""] = blocksIn("guides/rehearsal.md", "sh");
  const told: unknown = JSON.parse(await shell(played, own));
  expect(told).toMatchObject({ outcome: { outcome: "approved" }, unused: [] });
  expect(await readFile(join(own, "mails/001-request-ana@example.com.html"), "utf8")).toContain("<!doctype");
  expect(JSON.parse(await shell(checked, own))).toMatchObject({ differences: [] });
  expect(await shell("node --test own.mjs", own)).toMatch(/pass 1\b/u);
});

test("the guide's project passes its own test and types, and goes on over a change of its code and kill -9", async () => {
  expect(typed).toMatch(/# pass 3\n|pass 3\b/u);
  await shell("npm run check", project);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const settings = {
    PORT: String(port),
    ENGINE_PORT: String(await freePort()),
    MAILBOX_PORT: String(await freePort()),
  };
  const begin = async (id: string) => {
    const call = FIRST_CALL.replace("http://127.0.0.1:5001", origin).replace("purchase-1", id);
    expect(JSON.parse(await shell(call, project))).toMatchObject({ promise: id });
    const ballot = `${id}:3.1`;
    return eventually(`the mail of ${id} has come`, async () =>
      (await mailsInFolder(join(project, "data/mailbox"))).find((mail) => mail.ballot === ballot),
    );
  };
  const file = join(project, "workflows/purchase.ts");
  const code = await readFile(file, "utf8");

  const dev = new Running("npm", ["run", "dev"], project, settings);
  try {
    await dev.says(`Countersign is ready at ${origin}`);
    const mail = await begin("purchase-1");
    await writeFile(file, code.replace('status: "ordered"', 'status: "bought"'));
    await dev.says("Ready again with purchase");
    expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
    expect((await new Api(origin).ended("purchase-1")).result).toMatchObject({ status: "bought" });
    const [second, third] = [await begin("purchase-2"), await begin("purchase-3")];
    await dev.kill("SIGKILL");

    const start = new Running("npm", ["start"], project, settings);
    try {
      await start.says('"msg":"ready"');
      const told = await press(second.links.approve);
      expect(told).toMatchObject({ decision: "approved", effective: true });
      // The page finds its template and its style sheet.
      const sheet = /href="(\/assets\/[^"]+)"/u.exec(told.page)?.[1];
      expect((await call(`${origin}${sheet}`)).status).toBe(200);
      expect(await press(third.links.reject)).toMatchObject({ decision: "rejected", effective: true });
      const api = new Api(origin);
      expect((await api.ended("purchase-2")).result).toEqual({
        status: "bought",
        order: "order-purchase-2:4",
      });
      expect((await api.ended("purchase-3")).result).toMatchObject({
        status: "dropped",
        because: "rejected",
      });
      const got = await shell("npx countersign get purchase-2", project, settings);
      expect(JSON.parse(got)).toMatchObject({ id: "purchase-2", state: "resolved" });
    } finally {
      await start.kill("SIGTERM");
    }
    expect(start.said).toContain('"msg":"stopped"');
  } finally {
    await dev.kill("SIGKILL");
    await writeFile(file, code);
  }
});

describe("from the package", () => {
  test.each([
    ["22.18.0", "dev", "Countersign is ready at"],
    ["24.0.2", "start", '"msg":"ready"'],
  ])("Node %s: npx countersign %s approves by a press", async (version, command, ready) => {
    await approves(await nodeOf(version), command, ready);
  });

  test("tells an old Node in one line", async () => {
    const old = 'Object.defineProperty(process, "version", { value: "v20.20.2" })';
    const started = run(
      process.execPath,
      ["--import", `data:text/javascript,${encodeURIComponent(old)}`, program(), "start"],
      { cwd: project },
    );
    await expect(started).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^Cannot start: \S+ is Node 20\.20\.2, and Countersign needs 22\.18, 24 or newer\n$/u,
      ),
    });
  });
});

/** Runs the project on another Node, with data of its own: starts a workflow, opens the mail, presses, and stops it. */
async function approves(node: string, command: string, ready: string): Promise<void> {
  const data = await mkdtemp(join(folder, "data-"));
  const port = await freePort();
  const env = {
    PORT: String(port),
    ENGINE_PORT: String(await freePort()),
    MAILBOX_PORT: String(await freePort()),
    DATA_DIR: data,
  };
  const service = new Running(node, [program(), command, "--workflows", "workflows"], project, env);
  try {
    await service.says(ready);
    const origin = `http://127.0.0.1:${port}`;
    const begun = await post(`${origin}/begin?id=po-1&func=purchase`, {
      item: "Pens",
      euros: 9,
      approvers: ["ana@example.com"],
    });
    expect(begun.json()).toMatchObject({ promise: "po-1" });
    const [mail] = await eventually("the mail has come", async () => {
      const mails = await mailsInFolder(join(data, "mailbox"));
      return mails.length > 0 && mails;
    });
    expect(await press(mail!.links.approve)).toMatchObject({ decision: "approved", effective: true });
    expect((await new Api(origin).ended("po-1")).result).toMatchObject({ status: "ordered" });
    expect((await call(`${origin}/openapi.json`)).json()).toMatchObject({
      info: { version: expect.any(String) },
    });
    const got = await run(node, [program(), "get", "po-1"], { cwd: project, env });
    expect(JSON.parse(got.stdout)).toMatchObject({ id: "po-1", state: "resolved" });
  } finally {
    await service.kill("SIGTERM");
  }
  expect(service.child.exitCode).toBe(0);
}

/** A program in a process group of its own, as a terminal has it. */
class Running {
  readonly child: ChildProcess;
  said = "";
  readonly #closed: Promise<unknown>;

  constructor(program: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
    this.child = spawn(program, args, {
      cwd,
      env: { ...ENV, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.said += text;
      });
    }
    // Not before everybody who inherited its output has ended.
    this.#closed = once(this.child, "close");
  }

  async says(text: string): Promise<void> {
    const hasEnded = () => this.child.exitCode !== null || this.child.signalCode !== null;
    await eventually(`it says ${text}, or has ended`, () => this.said.includes(text) || hasEnded()).catch(
      (error: unknown) => {
        throw new Error(`It said:\n${this.said}`, { cause: error });
      },
    );
    expect(this.said).toContain(text);
  }

  /** Ends all of the group, and waits until they have ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // All of them have ended.
    }
    await this.#closed;
  }
}

/** What these commands print, typed in that folder. */
async function shell(
  commands: string,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await run("/bin/sh", ["-ec", commands], { cwd, env: { ...ENV, ...env } });
  return stdout;
}

/** Bytes of the files of all packages that the project installs but for its development. */
async function installedSize(): Promise<number> {
  const { stdout } = await run("npm", ["ls", "--all", "--omit=dev", "--parseable"], {
    cwd: project,
    env: ENV,
  });
  let bytes = 0;
  for (const at of stdout.trim().split("\n")) {
    if (at === project) continue;
    for (const entry of await readdir(at, { recursive: true, withFileTypes: true })) {
      // Packages within are listed, too.
      const isOwn = !entry.parentPath.slice(at.length).includes("node_modules");
      if (isOwn && entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
    }
  }
  return bytes;
}

function program(): string {
  return join(project, "node_modules/.bin/countersign");
}

/** Where a Node of that version is: npm has each as a package that needs no script. */
async function nodeOf(version: string): Promise<string> {
  const at = join(folder, `node-${version}`);
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}@${version}`;
  await run("npm", [
    "install",
    "--silent",
    "--no-save",
    "--prefer-offline",
    "--prefix",
    at,
    `it@npm:${name}`,
  ]);
  return join(at, "node_modules/it/bin/node");
}

/** The package as it is published: packed, installed into an empty folder outside the checkout, and used from there. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { call, post } from "../support/http.ts";
import { mailsInFolder } from "../support/mails.ts";
import { freePort } from "../support/ports.ts";
import { press } from "../support/press.ts";
import { ROOT } from "../support/service-process.ts";

const run = promisify(execFile);

/** The oldest versions that package.json allows of each line before the checkout's own; npm keeps what it fetches. */
const OLDER = ["22.18.0", "24.0.2"];

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

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "countersign-package-"));
  // From a copy: other tests read the checkout meanwhile, and its `dist` is whose who works in it.
  const source = join(folder, "source");
  await mkdir(source);
  for (const name of ["bin", "src", "views", "worker", "package.json", "README.md", "LICENSE"]) {
    await cp(join(ROOT, name), join(source, name), { recursive: true });
  }
  for (const name of ["tsconfig.json", "tsconfig.build.json"]) await cp(join(ROOT, name), join(source, name));
  await run("ln", ["-s", join(ROOT, "node_modules"), join(source, "node_modules")]);
  const { stdout } = await run("npm", ["pack", "--silent", "--json", "--pack-destination", folder], {
    cwd: source,
  });
  [packed] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [Packed];
  project = join(folder, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "type": "module" }');
  await run("npm", ["install", "--silent", "--prefer-offline", join(folder, packed.filename)], {
    cwd: project,
  });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the package is small, and holds no sources, no tests and no Node", () => {
  const { size, unpackedSize, entryCount, files } = packed;
  const kB = (bytes: number) => `${Math.round(bytes / 1_000)} kB`;
  console.log(`The package: ${kB(size)} packed, ${kB(unpackedSize)} unpacked, ${entryCount} files`);
  expect(size).toBeLessThan(600_000);
  expect(entryCount).toBeLessThan(900);
  for (const { path } of files) {
    expect(path).toMatch(
      /^(?:(?:bin|dist\/src|dist\/worker|views)\/|(?:package\.json|README\.md|LICENSE)$)/u,
    );
    expect(path).not.toMatch(/(?<!\.d)\.ts$/u);
  }
  expect(existsSync(join(project, "node_modules/node"))).toBe(false);
});

test("its entries load, by import and by require, and their types are there for a strict program", async () => {
  const names = {
    countersign: "requestApproval",
    "countersign/client": "createClient",
    "countersign/testing": "testWorkflow",
  };
  for (const [entry, name] of Object.entries(names)) {
    const told = `typeof ${name}`;
    const imported = `import { ${name} } from "${entry}"; process.stdout.write(${told})`;
    const required = `const { ${name} } = require("${entry}"); process.stdout.write(${told})`;
    expect(
      (await run(process.execPath, ["--input-type=module", "-e", imported], { cwd: project })).stdout,
    ).toBe("function");
    expect(
      (await run(process.execPath, ["--input-type=commonjs", "-e", required], { cwd: project })).stdout,
    ).toBe("function");
  }
  await writeFile(join(project, "purchase.ts"), PURCHASE);
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2022",
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    types: [],
  };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const { stdout } = await run(join(ROOT, "node_modules/.bin/tsc"), ["-p", project]).catch(
    (error: { readonly stdout: string }) => error,
  );
  expect(stdout).toBe("");
});

const PURCHASE = `import { requestApproval, waitForWebhook } from "countersign";
import { createClient } from "countersign/client";
import { testWorkflow } from "countersign/testing";
import type { Context } from "@resonatehq/sdk";

export function* purchase(ctx: Context, order: { readonly item: string }) {
  const { outcome } = yield* requestApproval(ctx, { title: \`Buy \${order.item}\`, approvers: ["ana@example.com"] });
  if (outcome !== "approved") return { outcome };
  const paid = yield* waitForWebhook(ctx, { source: "stripe", match: { order: order.item }, timeout: "P3D" });
  return { outcome: paid.outcome };
}

export const used = [createClient, testWorkflow];
`;

describe("npx countersign start, from the package", () => {
  test("approves by a press, on the Node of the checkout", () => approves(process.execPath));

  test.each(OLDER)("approves by a press, on Node %s", async (version) => {
    await approves(await nodeOf(version));
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
      stderr: expect.stringMatching(/^Cannot start: \S+ is Node 20\.20\.2, and Countersign needs [^\n]+\n$/u),
    });
  });
});

/** Starts the service in a folder of its own, asks, opens the mail, presses, and stops it. */
async function approves(node: string): Promise<void> {
  const cwd = await mkdtemp(join(folder, "run-"));
  const port = await freePort();
  const env = {
    PATH: "",
    PORT: String(port),
    ENGINE_PORT: String(await freePort()),
    MAILBOX_PORT: String(await freePort()),
  };
  const child = spawn(node, [program(), "start"], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  try {
    await eventually(
      "the service is ready or has ended",
      () => said.includes('"msg":"ready"') || hasEnded(child),
    );
    expect(said).toContain('"msg":"ready"');
    const origin = `http://127.0.0.1:${port}`;
    const asked = await post(`${origin}/approvals`, {
      id: "po-1",
      title: "Pens",
      approvers: ["ana@example.com"],
    });
    expect(asked.status).toBe(202);
    const [mail] = await eventually("the mail has come", async () => {
      const mails = await mailsInFolder(join(cwd, "data/mailbox"));
      return mails.length > 0 && mails;
    });
    const told = await press(mail!.links.approve);
    expect(told).toMatchObject({ decision: "approved", effective: true });
    // The page finds its template and its style sheet.
    const sheet = /href="(\/assets\/[^"]+)"/u.exec(told.page)?.[1];
    expect((await call(`${origin}${sheet}`)).status).toBe(200);
    expect((await new Api(origin).ended("po-1")).result).toMatchObject({ outcome: "approved" });
    expect((await call(`${origin}/openapi.json`)).json()).toMatchObject({
      info: { version: expect.any(String) },
    });
    const got = await run(node, [program(), "get", "po-1"], { cwd, env });
    expect(JSON.parse(got.stdout)).toMatchObject({ id: "po-1", state: "resolved" });
  } catch (error) {
    throw new Error(`${String(error)}\n${said}`, { cause: error });
  } finally {
    child.kill("SIGTERM");
  }
  expect(await ended).toEqual([0, null]);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
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

/**
 * docs/guides/resonate-sdk.md: its worker, copied out of the page into a folder of its own, asks a started service for an
 * approval and waits for a webhook. It has nothing of ours but what the page shows.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { Api } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { codeIn } from "../support/guide-code.ts";
import { post } from "../support/http.ts";
import { press } from "../support/press.ts";
import { RESONATE_TOKEN, RESONATE_URL } from "../support/resonate-server.ts";
import { ROOT } from "../support/service-process.ts";
import { newId, openSite, type Site } from "../support/site.ts";

const PAGE = "guides/resonate-sdk.md";
const CARRIER_SECRET = "a-secret-of-the-carrier";
const CODE = codeIn(PAGE, "ts");

test.each([
  ["with its types", "shop.ts", CODE],
  ["without types", "shop.mjs", stripTypeScriptTypes(CODE)],
])("the page's worker, %s, gets its approval and its webhook", async (_, file, code) => {
  const folder = emptyProject();
  writeFileSync(join(folder, "webhooks.yaml"), codeIn(PAGE, "yaml"));
  const env = { WEBHOOKS_FILE: join(folder, "webhooks.yaml"), CARRIER_SECRET };
  await using site = await openSite({ env });
  const api = new Api((await site.start("all")).url);

  const id = newId("restock");
  const shop = startShop(site, folder, { file, code, id });
  const mail = await site.mailTo("ana@example.com", "Order 40 laptops");
  expect(await api.approval(`${id}:0`)).toMatchObject({ id: `${id}:0.1`, status: "pending" });
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  const [ordered] = await shop.said(1);
  expect(ordered).toEqual({ ordered: "40 laptops", promise: `${id}:1` });

  const event = { reference: `${id}:1`, data: { parcel: "4711" } };
  const headers = { authorization: `Bearer ${CARRIER_SECRET}` };
  expect((await post(`${api.origin}/webhooks/carrier`, event, headers)).status).toBe(200);
  const [, ended] = await shop.said(2);
  expect(ended).toEqual({ result: { status: "delivered", parcel: { parcel: "4711" } } });
  expect(await shop.exited).toBe(0);
});

test("what the page says of each rule is what happens without it", async () => {
  const folder = emptyProject();
  await using site = await openSite();
  const api = new Api((await site.start("all")).url);
  const start = (from: string, to: string) => {
    expect(CODE).toContain(from);
    const id = newId("restock");
    return { id, shop: startShop(site, folder, { file: `${id}.ts`, code: CODE.replace(from, to), id }) };
  };

  // 1: nobody serves the group that the SDK calls by default.
  const { id } = start("target: COUNTERSIGN, ", "");
  // 2 and 3: the deadline's time, the day beyond it and nothing more; and a workflow of the SDK's default time.
  const tooShort = [
    start("timeout: 4 * DAY_MS", "timeout: 3 * DAY_MS"),
    start(", resonate.options({ timeout: 30 * DAY_MS })", ""),
    start("target: COUNTERSIGN, timeout: 4 * DAY_MS", "target: COUNTERSIGN"),
  ];
  for (const { shop } of tooShort) {
    expect(await shop.exited).not.toBe(0);
    expect(shop.complaint()).toContain("deadline must be at least a day before its workflow's own end");
  }
  // The tag says that the request was checked, which it was not.
  const tagged = start(
    "timeout: 4 * DAY_MS",
    `timeout: 4 * DAY_MS, tags: { "countersign:kind": "approval" }`,
  );
  expect(await tagged.shop.exited).not.toBe(0);
  expect(tagged.shop.complaint()).toContain("the argument is not an approval request");

  // Once its worker has called.
  expect(await eventually("it is called", () => api.wait(`${id}:0`))).toMatchObject({ status: "pending" });
  expect(await site.mailbox()).toEqual([]);
});

test("the page's worker is right by its types", async () => {
  const folder = emptyProject();
  writeFileSync(join(folder, "shop.ts"), CODE);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "ES2024",
    module: "NodeNext",
    types: ["node"],
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["shop.ts"] }));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  await promisify(execFile)(process.execPath, [tsc, "-p", folder]).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
});

/** A folder outside the checkout that has the SDK, as after `npm install @resonatehq/sdk`, and types. */
function emptyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-shop-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

interface Shop {
  /** Its first so many lines that are JSON. */
  said(lines: number): Promise<unknown[]>;
  readonly exited: Promise<number | null>;
  /** What it wrote to standard error. */
  complaint(): string;
}

function startShop(
  site: Site,
  folder: string,
  { file, code, id }: { readonly file: string; readonly code: string; readonly id: string },
): Shop {
  writeFileSync(join(folder, file), code);
  const token = RESONATE_URL
    ? RESONATE_TOKEN
    : readFileSync(join(site.dataDir, "engine.token"), "utf8").trim();
  const child: ChildProcess = spawn(process.execPath, [file, id], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"] ?? "",
      COUNTERSIGN_GROUP: site.workerGroup,
      RESONATE_URL: site.engineUrl,
      ...(token === undefined ? {} : { RESONATE_TOKEN: token }),
    },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // Its workflow is in the SDK's log, too; the page's own lines have no level.
  const lines = () =>
    stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line["level"] === undefined);
  return {
    said: (count) =>
      eventually(`the shop has said ${count} lines; it said ${stdout}${stderr}`, () =>
        lines().length >= count ? lines() : undefined,
      ),
    exited: once(child, "close").then(([exitCode]) => exitCode as number | null),
    complaint: () => stderr,
  };
}

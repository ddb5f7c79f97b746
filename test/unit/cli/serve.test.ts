/** The commands that run the service: `countersign start` and the like, in a folder of their own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/ports.ts";
import { ROOT } from "../../support/service-process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countersign-serve-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function countersign(...args: readonly string[]) {
  const child = spawn(process.execPath, [join(ROOT, "src/cli/countersign.js"), ...args], {
    cwd: folder,
    env: {
      PATH: "",
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      PORT: "0",
      MAILBOX_PORT: "0",
      PUBLIC_URL: "http://127.0.0.1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const run = { said: "", child, ended: once(child, "close") };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      run.said += text;
    });
  }
  return run;
}

describe("countersign start", () => {
  test("runs the service with the settings of .env in the current folder, and stops in order", async () => {
    writeFileSync(
      join(folder, ".env"),
      `DATA_DIR=${join(folder, "kept")}\nENGINE_PORT=${await freePort()}\n`,
    );
    const run = countersign("start");
    await eventually("the service is ready or has ended", () => /"msg":"ready"|Cannot/u.test(run.said));
    run.child.kill("SIGTERM");
    expect(await run.ended).toEqual([0, null]);
    expect(run.said).toContain('"msg":"stopped"');
    const again = countersign("engine");
    await eventually("the engine is ready or has ended", () => /"msg":"ready"|Cannot/u.test(again.said));
    again.child.kill("SIGTERM");
    expect(await again.ended).toEqual([0, null]);
    expect(again.said).toContain(`"dataDir":${JSON.stringify(join(folder, "kept"))}`);
  });

  test.each([
    [["start", "now"], "What is now?"],
    [["worker", "--fast"], "Unknown option '--fast'"],
    [["start", "--workflows", " "], "--workflows must name a folder"],
    [["engine", "--workflows", "workflows"], "Unknown option '--workflows'"],
    [["dev", "now"], "What is now?"],
    [["dev"], "workflows: name one with --workflows DIR, or create a project with countersign init"],
    [["dev", "--workflows", "here"], "here: name one with --workflows DIR"],
  ])("refuses %j with exit code 2, before it starts anything", async (args, message) => {
    const run = countersign(...args);
    expect(await run.ended).toEqual([2, null]);
    expect(run.said).toContain(message);
  });

  test("takes the folder of workflows from --workflows", async () => {
    const run = countersign("start", "--workflows", "mine");
    expect(await run.ended).toEqual([1, null]);
    expect(run.said).toContain(`WORKFLOWS must be a folder that is there, not ${join(folder, "mine")}`);
  });

  test("dev is not for production", async () => {
    writeFileSync(
      join(folder, ".env"),
      "NODE_ENV=production\nSMTP_URL=smtp://127.0.0.1:9\nMAIL_FROM=a@example.com\n",
    );
    const run = countersign("dev");
    expect(await run.ended).toEqual([2, null]);
    expect(run.said).toContain("use countersign start");
  });
});

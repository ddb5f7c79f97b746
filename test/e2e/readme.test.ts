/** What the README tells a newcomer to type, typed: its own commands, in its own words, against `npm start`. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { eventually, HANGS_MS } from "../support/eventually.ts";
import { press } from "../support/press.ts";
import { readReadme } from "../support/readme.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { ROOT } from "../support/service-process.ts";
import { openSite, type Site } from "../support/site.ts";

/** Where the README's service listens. */
const ORIGIN = "http://127.0.0.1:5001";

test("README: the first approval, from npm start to the outcome, over a kill -9", async (ctx) => {
  needsEmbeddedEngine(ctx, "the README starts everything in one process");
  const { commands } = await readReadme();
  await using site = await openSite();
  const typed = typist(site, commands);

  const startedAt = performance.now();
  const first = await npmStart(site);
  const readyMs = performance.now() - startedAt;
  try {
    const asked = JSON.parse(await typed(/^curl \S+\/approvals -H/u)) as Record<string, unknown>;
    expect(asked).toMatchObject({ id: "po-4711", status: "pending" });
    const mail = await site.mailTo("ana@example.com", "Order 40 laptops");
    expect(mail.html).toContain("<strong>six years</strong>");
    expect(JSON.parse(await typed(/^curl \S+\/approvals\/po-4711$/u))).toMatchObject({
      status: "pending",
      waitingFor: ["ana@example.com"],
    });
    // "Kill the process with kill -9 before you press, start it again, press then."
    await killAll(first);
    const second = await npmStart(site);
    try {
      expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
      await new Api(site.publicUrl).ended("po-4711");
      expect(JSON.parse(await typed(/^curl \S+\/approvals\/po-4711$/u))).toMatchObject({
        status: "approved",
      });
      const allMs = performance.now() - startedAt;
      console.log(
        `README: npm start answers after ${Math.round(readyMs)} ms; from there to the outcome, killed and started anew in between, ${Math.round(allMs - readyMs)} ms`,
      );

      expect(JSON.parse(await typed(/^curl -X POST .*\/begin\?id=hello-1/u))).toMatchObject({
        promise: "hello-1",
        status: "pending",
      });
      const waited = await eventually("the workflow has ended", async () => {
        const told = JSON.parse(await typed(/^curl .*\/wait\?id=hello-1/u)) as Record<string, unknown>;
        return told["status"] !== "pending" && told;
      });
      expect(waited).toMatchObject({ status: "resolved", promise_id: "hello-1" });
      expect(JSON.stringify(waited["result"])).toContain("World");

      expect(await typed(/^npx countersign invoke hello-2 /u)).toContain("World");
      const tree = await typed(/^npx countersign tree po-4711/u);
      for (const id of ["po-4711", "po-4711:0", "po-4711:1"]) expect(tree).toContain(id);
    } finally {
      await killAll(second);
    }
  } finally {
    await killAll(first);
  }
});

test("README: every picture and page that it names is there, the pictures small", async () => {
  const { files, commands } = await readReadme();
  expect(commands.length).toBeGreaterThan(5);
  expect(files.filter((file) => file.endsWith(".png"))).toEqual([
    "docs/images/mail.png",
    "docs/images/decide.png",
  ]);
  for (const file of files) {
    const { size } = await stat(`${ROOT}${file}`);
    if (file.endsWith(".png")) expect(size, file).toBeLessThan(150_000);
  }
});

/**
 * Types the README's one command that looks like this, in a shell, as it stands there but for the address: the test's
 * service listens on a port of its own. Answers what it prints.
 */
function typist(site: Site, commands: readonly string[]): (like: RegExp) => Promise<string> {
  return async (like) => {
    const found = commands.filter((command) => like.test(command));
    expect(found, `commands of the README like ${String(like)}`).toHaveLength(1);
    const [command = ""] = found;
    const { stdout } = await promisify(execFile)(
      "/bin/sh",
      [
        "-c",
        command.replaceAll(ORIGIN, site.publicUrl).replace(/^curl /u, "curl --silent --show-error --fail "),
      ],
      { cwd: ROOT, env: { ...environment(site) }, timeout: 2 * HANGS_MS },
    );
    return stdout;
  };
}

/** `npm start` in a shell's place, until it answers. In a process group of its own, to be killed with all it started. */
async function npmStart(site: Site): Promise<ChildProcess> {
  const port = new URL(site.publicUrl).port;
  const child = spawn("npm", ["start"], {
    cwd: ROOT,
    env: { ...environment(site), PORT: port },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await eventually("npm start answers", async () => (await fetch(`${site.publicUrl}/readyz`)).ok).catch(
    async (error: unknown) => {
      await killAll(child);
      throw new Error(`${String(error)}\n${said}`, { cause: error });
    },
  );
  return child;
}

async function killAll(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, "close");
  process.kill(-child.pid, "SIGKILL");
  await ended;
}

function environment(site: Site): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...site.env };
}

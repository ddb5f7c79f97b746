/** What does not start, and what it says: every setting that would expose something, and whatever newcomers run into. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EnvName } from "../../src/config/env.ts";
import { HANGS_MS } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { ROOT } from "../support/service-process.ts";
import { openSite } from "../support/site.ts";

type Env = { readonly [name in EnvName]?: string };

const PASSWORD = "hunter2-in-a-url";

describe.concurrent("npm start", () => {
  // Every setting and its words are under test beside the settings' reader; these are the ones that would expose something.
  test.each<[string, Env, RegExp]>([
    [
      "every address of the machine, where there are no keys",
      { HOST: "0.0.0.0", SMTP_URL: "smtp://127.0.0.1:25", MAIL_FROM: "a@example.com" },
      /HOST is 0\.0\.0\.0: .* must be a loopback address/u,
    ],
    [
      "production without a relay",
      { NODE_ENV: "production" },
      /SMTP_URL is not set: the mailbox is for development/u,
    ],
    [
      "a public address with more than an origin",
      { PUBLIC_URL: `https://u:${PASSWORD}@a.example/approvals` },
      /PUBLIC_URL must be an origin/u,
    ],
    [
      "a relay's address with more than host and port",
      { SMTP_URL: `smtp://u:${PASSWORD}@127.0.0.1/x?y`, MAIL_FROM: "a@example.com" },
      /SMTP_URL must end after host and port/u,
    ],
    [
      "a short key",
      { TOKEN_KEYS: `k1:${Buffer.from(PASSWORD).toString("base64url")}` },
      /TOKEN_KEYS: key 1 \(k1\) has 16 bytes/u,
    ],
    [
      "a file that only the worker reads",
      { CALLBACK_ENDPOINTS_FILE: "/nowhere/endpoints.yaml" },
      /CALLBACK_ENDPOINTS_FILE \/nowhere\/endpoints\.yaml cannot be read: ENOENT/u,
    ],
  ])("refuses %s, and says what would be right, without a stack or a secret", async (_, env, words) => {
    const { code, stderr, stdout } = await startAndEnd(env);
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/^ {4}at /mu);
    expect(stderr + stdout).not.toContain(PASSWORD);
    expect(stderr + stdout).not.toContain(Buffer.from(PASSWORD).toString("base64url"));
  });
});

test("npm start says which port is taken, and how to take another", async (ctx) => {
  needsEmbeddedEngine(ctx, "the embedded engine's port is one of them");
  await using site = await openSite();
  const all = await site.start("all");
  const taken = new URL(all.url).port;
  const names = ["PORT", "ENGINE_PORT", "MAILBOX_PORT"] as const;
  const [second, ...others] = await Promise.all([
    startAndEnd({ DATA_DIR: site.dataDir }),
    ...names.map((name) => startAndEnd({ [name]: taken })),
  ]);
  const where = `127.0.0.1:${taken}`;
  expect(others.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    names.map(() => ({
      code: 1,
      stderr: `Cannot start: another program listens at ${where}. Stop it, or set another port: PORT, ENGINE_PORT or MAILBOX_PORT\n`,
    })),
  );
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/^Cannot open the engine: another process uses the data folder .*\n$/u);
});

test("the data folder's files are for the service's user alone, whatever the folder was before", async (ctx) => {
  needsEmbeddedEngine(ctx, "its files are what is looked at");
  await using site = await openSite();
  // As an operator may have made it.
  await chmod(site.dataDir, 0o755);
  const all = await site.start("all");
  const names = await readdir(site.dataDir, { recursive: true });
  expect(names).toEqual(
    expect.arrayContaining(["engine.db", "engine.token", "token-keys", "signing-keys", "mailbox"]),
  );
  for (const name of names) {
    const { mode } = await stat(join(site.dataDir, name));
    expect(`${name} ${(mode & 0o077).toString(8)}`).toBe(`${name} 0`);
  }
  await all.stop();
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts everything in one process on free ports and a new folder, and waits until it has ended by itself. */
async function startAndEnd(env: Env): Promise<Ended> {
  const dataDir = await mkdtemp(join(tmpdir(), "countersign-"));
  const ports = { PORT: await freePort(), ENGINE_PORT: await freePort(), MAILBOX_PORT: await freePort() };
  const child = spawn(process.execPath, ["src/processes/all.ts"], {
    cwd: ROOT,
    env: {
      PATH: process.env["PATH"] ?? "",
      DATA_DIR: dataDir,
      ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    // One that starts after all is ended, and has then no exit code of its own.
    timeout: 2 * HANGS_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  await rm(dataDir, { recursive: true, force: true });
  return { code, stdout, stderr };
}

/** Programs of others that the samples are for, as processes of a test. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { request } from "node:https";
import { connect } from "node:net";
import { onTestFinished } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";

export interface Program {
  /** What it wrote to both of its outputs. */
  said(): string;
  stop(): Promise<void>;
}

/** Starts a program and waits until it listens. It ends with the test. */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: {
    readonly port: number;
    readonly env?: NodeJS.ProcessEnv;
    readonly uid?: number;
    readonly cwd?: string;
  },
): Promise<Program> {
  const { port, env = {}, uid, cwd } = options;
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"], ...env },
    ...(uid !== undefined && { uid, gid: uid }),
    ...(cwd !== undefined && { cwd }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const program = { said: () => said, stop: () => stop(child) };
  onTestFinished(program.stop);
  await eventually(`${command} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${command} has ended:\n${said}`);
    return listens(port);
  });
  return program;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Throws with the name of the Debian package where a program is missing. */
export function needs(command: string, debian: string): void {
  if (spawnSync("sh", ["-c", `command -v ${command}`]).status === 0) return;
  throw new Error(`This test needs ${command}: install ${debian}`);
}

/**
 * A way to a site over TLS for clients that speak plain HTTP to this machine: answers its origin. It checks the site's
 * certificate, and calls the site by its name.
 */
export async function tunnelTo(site: {
  readonly name: string;
  readonly port: number;
  readonly ca: string;
}): Promise<string> {
  const { name, port, ca } = site;
  const server = createServer((req, res) => {
    const headers = { ...req.headers, host: `${name}:${port}` };
    const there = request(
      { host: "127.0.0.1", port, servername: name, ca, path: req.url, method: req.method, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(res);
      },
    );
    there.on("error", (error) => res.destroy(error));
    req.pipe(there);
  });
  server.requestTimeout = 0;
  const here = await freePort();
  server.listen(here, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${here}`;
}

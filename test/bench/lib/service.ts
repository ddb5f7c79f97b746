/** The service, or a part of it, as its npm script runs it: unchanged, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Checkout, type PartName, THIS_CHECKOUT } from "./checkout.ts";

/** A process of the product, or of a server that it works with. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** From the command to the line that says "ready", in milliseconds. */
  readonly readyMs: Promise<number>;
  /** As a power cut does it. */
  kill(): Promise<void>;
  /** As an operator does it. */
  stop(): Promise<void>;
}

export interface Service extends Program {
  readonly url: string;
}

export interface ServiceOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly enginePort: number;
  readonly smtpUrl: string;
  /** Default: this one. */
  readonly checkout?: Checkout;
}

export function startService(options: ServiceOptions): Service {
  const { dataDir, port, enginePort, smtpUrl, checkout = THIS_CHECKOUT } = options;
  const program = startPart(checkout, "all", {
    DATA_DIR: dataDir,
    PORT: String(port),
    ENGINE_PORT: String(enginePort),
    SMTP_URL: smtpUrl,
    MAIL_FROM: "Approvals <approvals@example.com>",
  });
  return { ...program, url: `http://127.0.0.1:${port}` };
}

export function startPart(
  checkout: Checkout,
  part: PartName,
  env: Readonly<Record<string, string>>,
): Program {
  const startedAt = performance.now();
  const child = spawn(process.execPath, checkout.parts[part], {
    cwd: checkout.dir,
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return programOf(
    child,
    isReady(child).then(() => performance.now() - startedAt),
  );
}

export function programOf(child: ChildProcess, readyMs: Promise<number>): Program {
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    if (child.kill(signal)) await exited;
  };
  return {
    pid: child.pid as number,
    readyMs,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    // What was not stopped has been left behind by an error.
    [Symbol.asyncDispose]: () => end("SIGKILL"),
  };
}

function isReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      // Read on to the end, so that the service never waits for somebody to read its log.
      if (text.length < 100_000) text += String(chunk);
      if (text.includes('"msg":"ready"')) resolve();
    });
    child.once("exit", (code) => reject(new Error(`The service ended: ${code}`)));
  });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

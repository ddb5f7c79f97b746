/** The service as `npm start` runs it: `src/processes/all.ts` in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Checkout, THIS_CHECKOUT } from "./checkout.ts";

export interface Service extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  /** From the command to the line that says "ready", in milliseconds. */
  readonly readyMs: Promise<number>;
  /** As a power cut does it. */
  kill(): Promise<void>;
  /** As an operator does it. */
  stop(): Promise<void>;
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
  const startedAt = performance.now();
  const child = spawn(process.execPath, checkout.service, {
    cwd: checkout.dir,
    env: {
      PATH: process.env["PATH"],
      DATA_DIR: dataDir,
      PORT: String(port),
      ENGINE_PORT: String(enginePort),
      SMTP_URL: smtpUrl,
      MAIL_FROM: "Approvals <approvals@example.com>",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    const exited = once(child, "exit");
    if (child.kill(signal)) await exited;
  };
  return {
    pid: child.pid as number,
    url: `http://127.0.0.1:${port}`,
    readyMs: isReady(child).then(() => performance.now() - startedAt),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    // What was not stopped has been left behind by an error.
    [Symbol.asyncDispose]: () => (child.exitCode === null ? end("SIGKILL") : Promise.resolve()),
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

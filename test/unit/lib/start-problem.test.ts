import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { ConfigError } from "../../../src/lib/config-error.ts";
import { startProblem } from "../../../src/lib/start-problem.ts";

/** The error of a real attempt to listen. */
async function listening(port: number, host: string): Promise<unknown> {
  const server = createServer().listen(port, host);
  const [error] = (await once(server, "error")) as [unknown];
  return error;
}

test("an address that this machine does not have is told by HOST", async () => {
  expect(startProblem(await listening(0, "192.0.2.1"))).toMatch(
    /^Cannot start: nothing can listen at 192\.0\.2\.1 \(EADDRNOTAVAIL\)\. Set HOST/u,
  );
});

test("a name that is not known is told by HOST", async () => {
  expect(startProblem(await listening(0, "nowhere.invalid"))).toMatch(
    /^Cannot start: the name nowhere\.invalid is not known here \(\w+\)\. Set HOST/u,
  );
});

test("a port that is taken, or not for this user, is told by the settings of ports", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  expect(startProblem(await listening(port, "127.0.0.1"))).toMatch(
    /^Cannot start: another program listens at 127\.0\.0\.1:\d+\. Stop it, or set another port: PORT/u,
  );
  server.close();
  const barred = Object.assign(new Error("listen EACCES"), {
    code: "EACCES",
    syscall: "listen",
    address: "127.0.0.1",
    port: 80,
  });
  expect(startProblem(barred)).toMatch(/may not listen at 127\.0\.0\.1:80\. Set a port from 1024 on: PORT/u);
});

test("a path that cannot be used is told by the settings of folders", () => {
  let error: unknown;
  try {
    mkdirSync("/dev/null/x");
  } catch (caught) {
    error = caught;
  }
  expect(startProblem(error)).toMatch(/^Cannot start: \/dev\/null\/x cannot be used: .*Set DATA_DIR/u);
});

test("only what is a fault of ours has a stack", () => {
  expect(startProblem(new ConfigError(["PORT must be"]))).toBe("Cannot start:\n  - PORT must be");
  expect(startProblem(new Error("Cannot open the engine: it is open"))).toBe(
    "Cannot open the engine: it is open",
  );
  expect(startProblem(new TypeError("x is undefined"))).toMatch(/^TypeError: x is undefined\n {4}at /u);
  expect(startProblem("?")).toBe("Cannot start: ?");
});

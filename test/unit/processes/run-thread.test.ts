import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { stopThread } from "../../../src/processes/run-thread.ts";

async function started(code: string): Promise<Worker> {
  const thread = new Worker(`const { parentPort } = require("node:worker_threads"); ${code}`, { eval: true });
  await once(thread, "message");
  return thread;
}

test("stopThread() lets a thread end by itself", async () => {
  const thread = await started(
    'parentPort.once("message", () => setTimeout(() => process.exit(7), 50)); parentPort.postMessage("up");',
  );
  const exited = once(thread, "exit");
  await stopThread(thread, 60_000);
  expect(await exited).toEqual([7]);
});

test("stopThread() ends a thread that computes and hears nothing", async () => {
  const thread = await started('parentPort.postMessage("up"); for (;;);');
  await stopThread(thread, 50);
  expect(thread.threadId, "it is gone").toBe(-1);
});

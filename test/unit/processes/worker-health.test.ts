import { expect, onTestFinished, test } from "vitest";
import { startWorkerHealth, type WorkerHealthOptions } from "../../../src/processes/worker-health.ts";

test("a worker says whether it lives, can work, and what is off", async () => {
  let trouble: ReturnType<WorkerHealthOptions["trouble"]>;
  let warnings: readonly string[] = [];
  const health = await startWorkerHealth({
    host: "127.0.0.1",
    port: 0,
    trouble: () => trouble,
    warnings: () => warnings,
  });
  let isClosed = false;
  onTestFinished(async () => {
    if (!isClosed) await health.close();
  });
  const get = async (path: string, method = "GET") => {
    const response = await fetch(`${health.url}${path}`, { method });
    const body = await response.text();
    return [response.status, body === "" ? undefined : (JSON.parse(body) as unknown)];
  };
  expect(await get("/livez")).toEqual([200, { status: "ok" }]);
  expect(await get("/readyz")).toEqual([200, { status: "ready" }]);
  expect(await get("/readyz?verbose")).toEqual([200, { status: "ready" }]);
  expect(await get("/readyz", "HEAD")).toEqual([200, undefined]);
  warnings = ["clock"];
  expect(await get("/readyz")).toEqual([200, { status: "ready", warnings: ["clock"] }]);
  for (const status of ["engine unavailable", "misconfigured", "stopping"] as const) {
    trouble = status;
    expect(await get("/readyz")).toEqual([503, { status }]);
    expect(await get("/livez")).toEqual([200, { status: "ok" }]);
  }
  expect(await get("/")).toEqual([404, { status: "not found" }]);
  expect(await get("/livez", "POST")).toEqual([405, { status: "method not allowed" }]);
  await health.close();
  isClosed = true;
  await expect(fetch(`${health.url}/livez`)).rejects.toThrow();
});

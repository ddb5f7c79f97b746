import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { consequences, probe, probeInBackground } from "../../../src/durable/probe.ts";
import { testEngine, testServer } from "../../support/engine.ts";
import { eventually } from "../../support/eventually.ts";

const GOOD = { wantsToken: true, takesIds: true, keepsDeadlines: true, clockAheadMs: 0, searches: true };

test("probe() finds everything in order at an engine of ours", async () => {
  const { url } = await testServer(testEngine());
  const found = await probe({ url, token: "token" });
  expect({ ...found, clockAheadMs: 0 }).toEqual(GOOD);
  expect(Math.abs(found.clockAheadMs)).toBeLessThan(1_000);
  expect(consequences(found)).toEqual([]);
});

/** A server that lets everyone in, knows no `:`, announces nothing and lives two minutes ago. */
async function poorServer(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      return;
    }
    void text(request).then((body) => {
      const { kind, head, data } = JSON.parse(body) as {
        kind: string;
        head: object;
        data: Record<string, unknown>;
      };
      const id = String(data["id"] ?? data["awaited"]);
      const promise = {
        id,
        state: "pending",
        param: {},
        value: {},
        tags: {},
        createdAt: Date.now() - 120_000,
      };
      const status =
        kind === "promise.get" ? 404 : kind === "promise.search" ? 501 : id.includes(":") ? 400 : 200;
      const answer = status === 200 ? { promise: { ...promise, timeoutAt: Date.now() } } : "no";
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ kind, head: { ...head, status }, data: answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("probe() finds what a server lacks, and consequences() says what follows", async () => {
  const found = await probe({ url: await poorServer(), token: undefined }, { patienceMs: 50 });
  expect(found).toMatchObject({ wantsToken: false, takesIds: false, keepsDeadlines: false, searches: false });
  expect(consequences(found)).toEqual([
    expect.stringContaining("answers without a token"),
    expect.stringContaining("refuses ids such as order:0"),
    expect.stringContaining("does not announce"),
    expect.stringContaining("has a clock that is 2 min behind"),
  ]);
});

test("probeInBackground() waits for a server that is not there yet, and logs once", async () => {
  const lines: string[] = [];
  const log = {
    info: (_: object, message: string) => void lines.push(message),
    warn: (_: object, message: string) => void lines.push(message),
  };
  const engine = testEngine();
  const first = await testServer(engine);
  await first.close();
  const times = { patienceMs: 4_000, retryMs: 20 };
  const looking = probeInBackground({ url: first.url, token: "token" }, log, times);
  onTestFinished(() => looking.stop());
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(lines).toEqual([]);
  await testServer(engine, first.port);
  await eventually("the server was looked at", () => lines.length > 0);
  expect(lines).toEqual(["Resonate server looked at"]);
});

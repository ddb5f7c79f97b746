import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { ask } from "../../../src/durable/protocol-client.ts";
import { Turns } from "../../../src/durable/turns.ts";
import { untilPasses } from "../../support/eventually.ts";

function turns(atOnce: number, waitMs = 1_000): Turns {
  return new Turns({ atOnce, waitMs, tooLate: () => new Error("too late") });
}

test("Turns.run() lets so many be under way, and the others follow in their order", async () => {
  const two = turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = [0, 1, 2, 3, 4].map((i) =>
    two.run(async () => {
      begun.push(i);
      await new Promise<void>((end) => ends.push(end));
      return i;
    }),
  );
  await untilPasses(() => expect(begun).toEqual([0, 1]));
  ends[1]?.();
  await untilPasses(() => expect(begun).toEqual([0, 1, 2]));
  for (const next of [0, 2, 3, 4]) await untilPasses(() => ends[next]!());
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

test("Turns.run() passes the turn on after a failure", async () => {
  const one = turns(1);
  const failed = one.run(() => Promise.reject(new Error("no")));
  const next = one.run(async () => "yes");
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("yes");
  expect(await one.run(async () => "again")).toBe("again");
});

test("Turns.run() gives up on whoever waits too long, and their place is not lost", async () => {
  const one = turns(1, 20);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = one.run(() => promise);
  await expect(one.run(async () => "never")).rejects.toThrow("too late");
  resolve();
  await first;
  expect(await one.run(async () => "free")).toBe("free");
});

test("createHttpNetwork() keeps a rush of requests within the connections that an engine takes", async () => {
  const open: ServerResponse[] = [];
  let most = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const { corrId } = (JSON.parse(body) as { head: { corrId: string } }).head;
    open.push(response);
    most = Math.max(most, open.length);
    // Held for a while, so that requests pile up as they do behind a busy engine.
    setTimeout(() => {
      open.splice(open.indexOf(response), 1);
      const head = { corrId, status: 404, version: "2026-04-01" };
      response.end(JSON.stringify({ kind: "promise.get", head, data: "unknown" }));
    }, 100);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const network = createHttpNetwork({
    url: `http://127.0.0.1:${port}`,
    token: undefined,
    group: "g",
    pid: "p",
  });
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, i) => ask(network, "promise.get", { id: `p${i}` })),
  );
  expect(answers.filter((answer) => !answer.ok && answer.status === 404).length).toBe(400);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(100);
  server.close();
  server.closeAllConnections();
});

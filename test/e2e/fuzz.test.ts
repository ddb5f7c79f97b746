/**
 * A gateway under everything that can be sent to it, drawn from its own description: no 5xx, no word of our insides,
 * every answer as it is described, health answered all the while without waiting for others, and no memory kept. Both tests run at once, so
 * what is drawn meets a gateway that holds hundreds of connections which are up to no good.
 *
 * `FUZZ_SEED=7` draws the same again, `FUZZ_RUNS=100000` draws more.
 */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-keys.ts";
import type { Json } from "../../src/openapi/document.ts";
import { ENGINE_PATIENCE_MS } from "../support/api.ts";
import { type Drawn, operationsIn, requestsFor } from "../support/arbitrary.ts";
import { operationFor, undocumented } from "../support/contract.ts";
import { type Called, call } from "../support/http.ts";
import type { ServiceProcess } from "../support/service-process.ts";
import { openSite, type Site } from "../support/site.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? randomInt(2 ** 31));
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 2_000);
/** They draw from seeds that follow each other. */
const CALLERS = 4;
const MEBIBYTE = 1024 * 1024;

let site: Site;
let gateway: ServiceProcess;
let headers: { readonly authorization: string };

beforeAll(async () => {
  site = await openSite({ env: { TRUST_PROXY_HOPS: "1" } });
  const store = { file: join(site.dataDir, "api-keys.json"), clock: Date.now };
  const { text } = await createKey(store, { client: "fuzz", scopes: ["admin"] });
  headers = { authorization: `Bearer ${text}` };
  // Without a worker: what is drawn is stored, and nothing of it runs.
  const parts = await site.startParts({ workers: 0 });
  gateway = parts.gateway;
  console.log(`FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}`);
});
/** Watches of tests that have failed in the middle. */
const running: AbortController[] = [];
afterAll(async () => {
  for (const watch of running) watch.abort();
  await site?.[Symbol.asyncDispose]();
});

/**
 * Asks for health every so often, until told to stop. Answers for each how long the gateway computed meanwhile, for it and for
 * others, in milliseconds of the processor and in order of length: time in which other processes had the processor does not count.
 */
function watchHealth(): { stop(): Promise<number[]> } {
  const times: number[] = [];
  const over = new AbortController();
  running.push(over);
  const watching = (async () => {
    while (!over.signal.aborted) {
      const before = computedMs();
      const answer = await call(`${gateway.url}/livez`).catch(() => undefined);
      // What got no answer counts as slow.
      times.push(answer?.status === 200 ? computedMs() - before : Number.POSITIVE_INFINITY);
      await pause(25);
    }
  })();
  return {
    async stop() {
      over.abort();
      await watching;
      return times.sort((a, b) => a - b);
    },
  };
}

/** Processor time of the thread that answers, in steps of 10 ms. */
function computedMs(): number {
  const stat = readFileSync(`/proc/${gateway.pid}/task/${gateway.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Few have waited for many others, and none for so long that one request of somebody else could be the reason. */
function expectPrompt(times: readonly number[], what: string): void {
  const p95 = times[Math.floor(times.length * 0.95)] ?? 0;
  console.log(
    `${what}: health ${times.length} times, the gateway computed for p95 ${p95.toFixed(1)} ms, at most ${times.at(-1)?.toFixed(1)} ms`,
  );
  expect(times.length).toBeGreaterThan(10);
  expect(p95).toBeLessThan(100);
  expect(times.at(-1)).toBeLessThan(1_000);
}

/**
 * Where a machine stands still for seconds, the engine is late, and the gateway says so: then the same is sent again. It has to
 * have waited for as long as it waits; a 503 that comes sooner is a fault.
 */
async function insist(path: string, send: () => Promise<Called>): Promise<Called> {
  for (let tries = 1; ; tries++) {
    const startedAt = performance.now();
    const answer = await send();
    const waitsMs = path.startsWith("/readyz") ? READY_PATIENCE_MS : ENGINE_PATIENCE_MS;
    if (answer.status !== 503 || performance.now() - startedAt < waitsMs || tries === TRIES_MAX)
      return answer;
  }
}

const TRIES_MAX = 10;
/** Readiness is told a little later than this. */
const READY_PATIENCE_MS = 1_900;

/** Resident memory of the gateway. */
function memoryBytes(): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

const INSIDES = /(?:\n|\\n) +at .+:\d+:\d+|node_modules|\.ts:\d+|SQLITE|TypeError|RangeError|SyntaxError/;

describe.concurrent("requests drawn from the description", () => {
  test(
    "are answered as described, and never by a fault of ours",
    async () => {
      const document = (await call(`${gateway.url}/openapi.json`)).json() as Json;
      const drawn = fc.oneof(
        // More of those that take a body, where more can be wrong.
        ...operationsIn(document).map((operation) => ({
          weight: operation.body === undefined ? 1 : 3,
          arbitrary: requestsFor(operation, document),
        })),
      );
      const statuses = new Map<number, number>();
      let calls = 0;
      const send = async (request: Drawn): Promise<void> => {
        const { method, path, body } = request;
        const answer = await insist(path, () =>
          call(`${gateway.url}${path}`, {
            method,
            headers: {
              ...headers,
              ...request.headers,
              ...(method === "GET" ? { prefer: "wait=0" } : {}),
              // As if from many callers: one that is refused too often is told nothing else any more.
              "x-forwarded-for": `127.0.${(calls >> 8) & 255}.${calls++ & 255}`,
            },
            ...(body === undefined ? {} : { body }),
          }),
        );
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        expect(answer.status, answer.text).toBeLessThan(500);
        expect(answer.text).not.toMatch(path === "/openapi.json" ? /\0/ : INSIDES);
        const operation = operationFor(method, path);
        const told = {
          status: answer.status,
          type: answer.headers["content-type"] ?? "",
          text: answer.text,
        };
        expect(operation && undocumented(operation, told)).toBeUndefined();
      };
      const before = memoryBytes();
      const health = watchHealth();
      // A cancellation waits two seconds for a worker, and there is none: meanwhile the other callers go on.
      await Promise.all(
        Array.from({ length: CALLERS }, (_, i) =>
          fc.assert(fc.asyncProperty(drawn, send), {
            seed: SEED + i,
            numRuns: Math.ceil(RUNS / CALLERS),
            endOnFailure: false,
          }),
        ),
      );
      expectPrompt(await health.stop(), `${RUNS} requests, ${JSON.stringify(Object.fromEntries(statuses))}`);
      // Draws that all fail at the first check would show nothing.
      for (const status of [200, 400, 404, 415, 422]) expect([...statuses.keys()]).toContain(status);
      expect((statuses.get(202) ?? 0) + (statuses.get(409) ?? 0)).toBeGreaterThan(0);
      expect(memoryBytes() - before).toBeLessThan(200 * MEBIBYTE);
    },
    300_000 + RUNS * 200,
  );
});

describe.concurrent("connections that are no requests", () => {
  const open = (count: number, behave: (socket: Socket) => void): Promise<string>[] => {
    const { hostname, port } = new URL(gateway.url);
    return Array.from(
      { length: count },
      () =>
        new Promise<string>((resolve) => {
          let text = "";
          const socket = connect(Number(port), hostname, () => behave(socket));
          socket.setEncoding("latin1").on("data", (chunk: string) => {
            text += chunk;
          });
          socket.on("error", () => {});
          socket.on("close", () => resolve(text));
        }),
    );
  };
  const every = (socket: Socket, ms: number, write: () => void): void => {
    const timer = setInterval(() => (socket.writable ? write() : clearInterval(timer)), ms);
    socket.on("close", () => clearInterval(timer));
  };
  const post = (path: string, more: string) =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${headers.authorization}\r\nContent-Type: application/json\r\n${more}\r\n`;

  test("slow, endless, oversized or broken, are cut, and nobody else notices", async () => {
    const before = memoryBytes();
    const health = watchHealth();
    const startedAt = performance.now();
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    const ended = {
      "a head of one byte a second": open(100, (socket) => {
        socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n");
        every(socket, 1_000, () => socket.write("X"));
      }),
      "nothing at all": open(100, () => {}),
      "a body that never comes": open(50, (socket) => {
        socket.write(post("/approvals", "Content-Length: 60000\r\n"));
      }),
      "a body of one byte a second": open(50, (socket) => {
        socket.write(post("/begin", "Content-Length: 60000\r\n"));
        every(socket, 1_000, () => socket.write("["));
      }),
      "a body without end": open(4, (socket) => {
        socket.write(post("/approvals", "Transfer-Encoding: chunked\r\n"));
        every(socket, 5, () => socket.write(chunk));
      }),
      "a body without end and no key": open(4, (socket) => {
        const head = post("/approvals", "Transfer-Encoding: chunked\r\n").replace(/Authorization.*\r\n/, "");
        socket.write(head);
        every(socket, 5, () => socket.write(chunk));
      }),
      "a head without end": open(10, (socket) => {
        socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n");
        every(socket, 5, () => socket.write(`X-${"a".repeat(4_000)}: ${"b".repeat(4_000)}\r\n`));
      }),
      "no HTTP": open(20, (socket) => {
        socket.write("\x16\x03\x01\x02\x00 GET PRI * SMTP EHLO\r\n\r\n");
      }),
      "two lengths": open(10, (socket) => {
        socket.write(post("/begin", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"));
      }),
    };
    for (const [what, sockets] of Object.entries(ended)) {
      const answers = await Promise.all(sockets);
      const statuses = new Set(answers.map((text) => /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? "cut"));
      console.log(
        `${what}: ${[...statuses].join(", ")} after ${Math.round(performance.now() - startedAt)} ms`,
      );
      for (const status of statuses) expect(status, what).toMatch(/^(4\d\d|cut)$/);
      for (const text of answers) expect(text, what).not.toMatch(INSIDES);
    }
    // The longest that any request may take, and the time between two looks, are 32 s; by itself, Node would take 60 s and more.
    expect(performance.now() - startedAt).toBeLessThan(58_000);
    expectPrompt(await health.stop(), "cut connections");
    expect(memoryBytes() - before).toBeLessThan(200 * MEBIBYTE);
  });
});

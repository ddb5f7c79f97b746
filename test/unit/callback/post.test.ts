import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { createAddressPolicy } from "../../../src/callback/address-policy.ts";
import { type PostOptions, post } from "../../../src/callback/post.ts";
import { createCertificate } from "../../support/certificate.ts";
import { type Behaviour, startReceiver } from "../../support/receiver.ts";

const sent = { headers: { "content-type": "application/json" }, body: '{"type":"x"}' };
const SHORT = { connectMs: 300, totalMs: 600 };
/** No limit of any test. */
const LONG = { connectMs: 60_000, totalMs: 60_000 };

/** A policy that lets these be called, and nothing else inside. */
function allowing(...hosts: string[]): PostOptions["policy"] {
  return createAddressPolicy({ ports: [443], allow: { hosts, networks: [] } });
}

async function postTo(behave: Behaviour, times = LONG) {
  await using receiver = await startReceiver(behave);
  const startedAt = performance.now();
  const result = await post(receiver.url, sent, { policy: allowing(`127.0.0.1:${receiver.port}`), times });
  return { result, ms: performance.now() - startedAt, requests: receiver.requests };
}

describe("post()", () => {
  test("sends the body with its headers, and answers the status", async () => {
    const { result, requests } = await postTo(() => 202);
    expect(result).toEqual({ kind: "answered", status: 202, retryAfter: undefined });
    expect(requests).toMatchObject([
      {
        method: "POST",
        path: "/hooks",
        body: sent.body,
        headers: { "content-type": "application/json", "content-length": "12" },
      },
    ]);
  });

  test("verifies https by the host's name, at the address that the name had when it was judged", async () => {
    const certificate = createCertificate("hooks.example.test");
    await using receiver = await startReceiver(() => 200, { certificate });
    const host = `hooks.example.test:${receiver.port}`;
    const options = {
      policy: allowing(host, `other.example.test:${receiver.port}`),
      resolve: async () => [{ address: "127.0.0.1", family: 4 }],
      ca: certificate.ca,
    };
    expect(await post(`https://${host}/x`, sent, options)).toMatchObject({ kind: "answered", status: 200 });
    expect(receiver.requests[0]?.headers.host).toBe(host);
    const { ca: _, ...systemOnly } = options;
    expect(await post(`https://${host}/x`, sent, systemOnly)).toEqual({ kind: "unreachable" });
    const otherName = `https://other.example.test:${receiver.port}/x`;
    expect(await post(otherName, sent, options)).toEqual({ kind: "unreachable" });
    expect(receiver.requests).toHaveLength(1);
  });

  test("follows no redirect", async () => {
    await using canary = await startReceiver();
    const { result } = await postTo((_n, _r, response) => {
      response.writeHead(307, { location: canary.url }).end();
      return undefined;
    });
    expect(result).toMatchObject({ kind: "answered", status: 307 });
    expect(canary.connections).toBe(0);
  });

  test("passes on Retry-After", async () => {
    const { result } = await postTo((_n, _r, response) => {
      response.writeHead(503, { "retry-after": "7" }).end();
      return undefined;
    });
    expect(result).toEqual({ kind: "answered", status: 503, retryAfter: "7" });
  });

  test("gives up on a receiver that never answers", async () => {
    const { result, ms } = await postTo(() => undefined, SHORT);
    expect(result).toEqual({ kind: "timeout" });
    expect(ms).toBeGreaterThan(550);
  });

  test("goes by the status of an answer that never ends, and reads at most 16 KiB of it", async () => {
    let bytes = 0;
    const { result, ms } = await postTo((_n, _r, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(8_192))) bytes += 8_192;
      };
      response.on("drain", more);
      more();
      return undefined;
    });
    expect(result).toMatchObject({ kind: "answered", status: 200 });
    expect(ms).toBeLessThan(LONG.totalMs / 2);
    // What buffers of both sides took beyond what we read.
    expect(bytes).toBeLessThan(16 * 1024 * 1024);
  });

  test("goes by the status of an answer that trickles, once the time is up", async () => {
    const { result } = await postTo(
      (_n, _r, response) => {
        response.writeHead(204 + 1);
        const timer = setInterval(() => response.write("."), 50);
        response.on("close", () => clearInterval(timer));
        return undefined;
      },
      // Enough for the status to come.
      { ...LONG, totalMs: 2_000 },
    );
    expect(result).toMatchObject({ kind: "answered", status: 205 });
  });

  test.each([
    ["nothing and hangs up", ""],
    ["what is no HTTP", "SSH-2.0-OpenSSH_9.9\r\n"],
    ["a head beyond every limit", `HTTP/1.1 200 OK\r\nx: ${"x".repeat(100_000)}\r\n\r\n`],
    ["an upgrade", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"],
  ])("counts a server that answers %s as unreachable", async (_, answer) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const policy = allowing(`127.0.0.1:${port}`);
    const result = await post(`http://127.0.0.1:${port}/`, sent, { policy, times: LONG });
    expect(result).toEqual({ kind: "unreachable" });
    await new Promise((resolve) => server.close(resolve));
  });

  test("counts a closed port and a name without an address as unreachable, and a name server that hangs as a timeout", async () => {
    const receiver = await startReceiver();
    await receiver[Symbol.asyncDispose]();
    const policy = allowing(`127.0.0.1:${receiver.port}`);
    expect(await post(receiver.url, sent, { policy })).toEqual({ kind: "unreachable" });
    const named = "https://hooks.example.test/";
    const failing = { policy, resolve: () => Promise.reject(new Error("ENOTFOUND")) };
    expect(await post(named, sent, failing)).toEqual({ kind: "unreachable" });
    expect(await post(named, sent, { policy, resolve: async () => [] })).toEqual({ kind: "unreachable" });
    const hanging = { policy, times: SHORT, resolve: () => new Promise<never>(() => {}) };
    expect(await post(named, sent, hanging)).toEqual({ kind: "timeout" });
  });
});

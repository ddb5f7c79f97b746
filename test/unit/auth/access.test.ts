import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthenticate } from "../../../src/auth/authenticate.ts";
import { isKey, makeKey } from "../../../src/auth/key.ts";
import type { MadeKey } from "../../../src/auth/manage-keys.ts";
import type { Scope } from "../../../src/auth/scopes.ts";
import { createFailureLimit } from "../../../src/gateway/http/rate-limit.ts";
import { callerAddress, networkOf } from "../../../src/lib/caller-address.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";

const keys = new Map<string, MadeKey>();
let gateway: TestGateway;

/** The text of a key with the scopes. */
function keyWith(...scopes: Scope[]): string {
  const made = makeKey({ client: "test", scopes, createdAt: "2026-11-21T10:00:00Z" });
  keys.set(made.text, made);
  return made.text;
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

beforeAll(async () => {
  const find = (text: string) => [...keys.values()].find(({ stored }) => isKey(text, stored))?.stored;
  gateway = await startTestGateway({
    authenticate: createAuthenticate({ isOpen: () => false, find, live: () => undefined }),
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe("a call to the API", () => {
  test.each([
    ["no header", {}],
    ["another scheme", { authorization: "Basic YTpi" }],
    ["no key", { authorization: "Bearer " }],
    ["an unknown key", bearer(`apv_abcdefgh_${"A".repeat(43)}`)],
    ["two keys", bearer("a, b")],
    ["a cookie", { cookie: "key=apv_abcdefgh" }],
  ])("with %s is 401, with a challenge", async (_, headers: Record<string, string>) => {
    const refused = await gateway.request("/wait?id=x", { headers });
    expect(refused).toMatchObject({ status: 401, body: { type: "/problems/unauthenticated" } });
    expect(refused.headers.get("www-authenticate")).toMatch(/^Bearer realm="countersign"/);
  });

  test("with the key in its address is 401", async () => {
    const key = keyWith("admin");
    expect((await gateway.request(`/wait?id=x&access_token=${key}&key=${key}`)).status).toBe(401);
  });

  test("with a key of other scopes is 403, names the scope, and changes nothing", async () => {
    const headers = {
      ...bearer(keyWith("approvals:read", "workflows:read")),
      "content-type": "application/json",
    };
    const refused = await gateway.request("/begin?id=refused&func=foo", {
      method: "POST",
      headers,
      body: "1",
    });
    expect(refused).toMatchObject({ status: 403, body: { type: "/problems/forbidden" } });
    expect(refused.headers.get("www-authenticate")).toContain(
      'error="insufficient_scope", scope="workflows:begin"',
    );
    expect(await gateway.durable.read("refused")).toBeUndefined();
  });

  test.each(["workflows:begin", "admin"] as const)("with a key of scope %s begins", async (scope) => {
    const path = `/begin?id=begun-${scope.replace(":", "-")}&func=unserved`;
    const started = await gateway.request(path, { method: "POST", headers: bearer(keyWith(scope)) });
    expect(started.status).toBe(200);
  });

  test("by a key that reads approvals alone is told of approvals alone", async () => {
    const admin = bearer(keyWith("admin"));
    const request = { id: "seen-1", title: "See", approvers: ["ana@example.com"] };
    const headers = { ...admin, "content-type": "application/json" };
    await gateway.request("/approvals", { method: "POST", headers, body: JSON.stringify(request) });
    await gateway.request("/begin?id=unseen-1&func=unserved", { method: "POST", headers: admin });
    const reader = { headers: bearer(keyWith("approvals:read")) };
    expect((await gateway.request("/wait?id=seen-1", reader)).status).toBe(200);
    expect((await gateway.request("/wait?id=unseen-1", reader)).status).toBe(404);
    expect((await gateway.request("/wait?id=unseen-1", { headers: admin })).status).toBe(200);
  });

  test("without a key has no byte of its body read", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": "1000" };
      const req = httpRequest(`${gateway.url}/approvals`, { method: "POST", headers });
      // The answer comes although the body never does.
      req.on("response", (res) => {
        resolve(res.statusCode);
        req.destroy();
      });
      req.on("error", reject);
      req.flushHeaders();
    });
    expect(status).toBe(401);
  });

  test.each([
    ["a long body", { "content-length": String(2 ** 21) }, "close"],
    ["a body of unknown length", { "transfer-encoding": "chunked" }, "close"],
    ["a short body", { "content-length": "1000" }, "keep-alive"],
  ])("without a key and with %s is answered, and the connection is then: %s", async (_, more, connection) => {
    const told = await new Promise<string | undefined>((resolve, reject) => {
      const headers = { "content-type": "application/json", ...more };
      const req = httpRequest(`${gateway.url}/approvals`, { method: "POST", headers });
      req.on("response", (res) => {
        resolve(res.headers.connection);
        req.destroy();
      });
      req.on("error", reject);
      req.flushHeaders();
    });
    expect(told).toBe(connection);
  });

  test("leaves the key's id in the log, and never the key", async () => {
    const key = keyWith("workflows:read");
    await gateway.request("/wait?id=logged", { headers: bearer(key) });
    await gateway.request("/wait?id=logged", { headers: bearer(`${key.slice(0, -1)}_`) });
    const text = JSON.stringify(gateway.log);
    expect(text).toContain(`"caller":"key:${key.slice(4, 12)}"`);
    expect(text).not.toContain(key.slice(13, 40));
  });

  test("needs no key where people go, for health, and for what is not there", async () => {
    for (const path of ["/livez", "/readyz", "/", "/d/x", "/r/x", "/nowhere"]) {
      expect((await gateway.request(path)).status, path).not.toBe(401);
    }
    expect((await gateway.request("/begin", { method: "OPTIONS" })).status).toBe(204);
  });
});

describe("tokens of one kind", () => {
  const tokens = () =>
    createLinkTokens({ keys: [{ kid: "test", secret: Buffer.alloc(32, 7) }], issuer: gateway.publicUrl });
  const times = { bornAtMs: Date.now(), expiresAtMs: Date.now() + 60_000 };
  const link = { pid: "a:1", recipient: "A".repeat(22), choice: "approve", gen: 0, ...times } as const;

  test("do not pass for the other: a decision link is no key", async () => {
    const refused = await gateway.request("/wait?id=x", { headers: bearer(tokens().issueLink(link)) });
    expect(refused.status).toBe(401);
  });

  test("do not pass for the other: a key is no decision link", async () => {
    expect((await gateway.request(`/d/${keyWith("admin")}`)).status).toBe(403);
    expect((await gateway.request(`/r/${keyWith("admin")}`)).status).toBe(403);
  });
});

describe("a service without keys", () => {
  test.each([
    [{}, 404],
    [{ host: "localhost" }, 404],
    [{ host: "approvals.example.com" }, 421],
    [{ "x-forwarded-for": "203.0.113.9" }, 401],
    [{ forwarded: "for=203.0.113.9" }, 401],
    [{ "x-forwarded-host": "approvals.example.com" }, 401],
    [{ via: "1.1 proxy" }, 401],
    [{ "x-forwarded-proto": "https" }, 401],
    [{ "x-forwarded-port": "443" }, 401],
    [{ "x-forwarded": "for=203.0.113.9" }, 401],
    [{ "x-client-ip": "203.0.113.9" }, 401],
    [{ "x-original-host": "approvals.example.com" }, 401],
    [{ "cf-connecting-ip": "203.0.113.9" }, 401],
  ])("lets its own machine in, and nobody behind a proxy: %j is %i", async (headers, status) => {
    await using open = await startTestGateway();
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${open.url}/wait?id=x`, { headers }, (res) => {
        res.resume();
        resolve(res.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(answered).toBe(status);
  });
});

test("a service without keys believes the proxies it knows of, as to where a call came from", async () => {
  await using open = await startTestGateway({ trustProxyHops: 1 });
  const status = async (from: string) =>
    (await open.request("/wait?id=x", { headers: { "x-forwarded-for": from } })).status;
  expect(await status("127.0.0.1")).toBe(404);
  expect(await status("203.0.113.9")).toBe(401);
  expect(await status("127.0.0.1, 203.0.113.9")).toBe(401);
  expect(await status("127.0.0.1:40000")).toBe(404);
  expect(await status("[::1]:40000")).toBe(404);
  expect(await status("::ffff:127.0.0.1")).toBe(404);
  for (const no of [
    "unknown",
    "localhost",
    "_secret",
    "203.0.113.9:127",
    "127.0.0.1.example.com",
    "::1]:1",
  ]) {
    expect(await status(no), no).toBe(401);
  }
  // A proxy that does not say where a call came from is on this machine itself.
  for (const header of ["forwarded", "x-real-ip", "x-forwarded-host", "via"]) {
    const answer = await open.request("/wait?id=x", { headers: { [header]: "203.0.113.9" } });
    expect(answer.status, header).toBe(401);
  }
  await using two = await startTestGateway({ trustProxyHops: 2 });
  const through = async (from: string) =>
    (await two.request("/wait?id=x", { headers: { "x-forwarded-for": from } })).status;
  expect(await through("127.0.0.1, 10.0.0.2")).toBe(404);
  expect(await through("127.0.0.1")).toBe(401);
});

describe("refusals", () => {
  test("beyond 100 a minute are 429 with Retry-After; what succeeds is never limited", async () => {
    await using limited = await startTestGateway({
      authenticate: createAuthenticate({
        isOpen: () => false,
        live: () => undefined,
        find: (text) => [...keys.values()].find(({ stored }) => isKey(text, stored))?.stored,
      }),
    });
    const key = keyWith("workflows:read");
    for (let i = 0; i < 100; i++) expect((await limited.request("/wait?id=x")).status).toBe(401);
    const refused = await limited.request("/wait?id=x");
    expect(refused).toMatchObject({ status: 429, body: { type: "/problems/rate-limited" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await limited.request("/d/bad")).status).toBe(429);
    expect((await limited.request("/wait?id=x", { headers: bearer(key) })).status).toBe(404);
    expect((await limited.request("/livez")).status).toBe(200);
  });

  test("createFailureLimit() counts each name apart, and anew after a minute", () => {
    let now = 0;
    const limit = createFailureLimit({ clock: () => now });
    for (let i = 0; i < 100; i++) expect(limit.count(["a"])).toBeUndefined();
    now = 59_000;
    expect(limit.count(["a"])).toBe(1);
    expect(limit.count(["b"])).toBeUndefined();
    expect(limit.count(["b", "a"])).toBe(1);
    now = 60_000;
    expect(limit.count(["a"])).toBeUndefined();
  });

  test("createFailureLimit() counts so many names at once and no more", () => {
    const limit = createFailureLimit({ clock: () => 0 });
    for (let i = 0; i < 101; i++) limit.count(["first"]);
    for (let i = 0; i < 9_999; i++) limit.count([`n${i}`]);
    expect(limit.count(["first"])).toBe(60);
    limit.count(["one more"]);
    expect(limit.count(["first"])).toBeUndefined();
  });

  test.each([
    ["203.0.113.9", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:db8:0:1:a:b:c:d", "2001:db8:0:1::/64"],
    ["2001:DB8:0:1::5", "2001:db8:0:1::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::ffff:cb00:7109", "203.0.113.9"],
    ["::FFFF:203.0.113.9", "203.0.113.9"],
    ["2001:0db8::0001:0:0", "2001:db8:0:0::/64"],
    ["unknown", "unknown"],
    ["203.0.113.9:40000", "unknown"],
    [undefined, "unknown"],
  ])("networkOf(%j) is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test("callerAddress() believes as many proxies as there are, and no caller", async () => {
    const told = async (hops: number, header: string) => {
      const app = express().set("trust proxy", hops);
      app.use((req, res) => void res.json(callerAddress(req) ?? null));
      const server = app.listen(0, "127.0.0.1");
      await once(server, "listening");
      try {
        const { port } = server.address() as AddressInfo;
        const url = `http://127.0.0.1:${port}/`;
        return await (await fetch(url, { headers: { "x-forwarded-for": header } })).json();
      } finally {
        server.close();
        server.closeAllConnections();
      }
    };
    const path = "6.6.6.6, 203.0.113.9, 10.0.0.2";
    expect(await Promise.all([0, 1, 2, 3, 9].map((hops) => told(hops, path)))).toEqual([
      "127.0.0.1",
      "10.0.0.2",
      "203.0.113.9",
      "6.6.6.6",
      "6.6.6.6",
    ]);
    expect(await told(1, "6.6.6.6,, ,203.0.113.9:40000\t,")).toBe("203.0.113.9");
    expect(await told(1, "6.6.6.6")).toBe("6.6.6.6");
    expect(await told(1, "")).toBe("127.0.0.1");
  });

  test.each([
    ["203.0.113.8:40000", "203.0.113.8"],
    ["203.0.113.8:0", "203.0.113.8"],
    ["203.0.113.8", "203.0.113.8"],
    ["[2001:db8::1]:40000", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["2001:db8::1:443", "2001:db8::1:443"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["203.0.113.8:port", undefined],
    ["203.0.113.8:40000:1", undefined],
    ["0x7f.1", undefined],
    ["2130706433", undefined],
    ["010.0.0.1", undefined],
    ["[203.0.113.8]:1", "203.0.113.8"],
    ["unknown", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("callerAddress() reads %j as %j", (ip, address) => {
    expect(callerAddress({ ip })).toBe(address);
  });

  test("count a caller as one, whatever port each of its connections has", async () => {
    await using limited = await startTestGateway({
      authenticate: createAuthenticate({ isOpen: () => false, find: () => undefined, live: () => undefined }),
      trustProxyHops: 1,
    });
    const status = async (from: string) =>
      (await limited.request("/wait?id=x", { headers: { "x-forwarded-for": from } })).status;
    for (let i = 0; i < 50; i++) expect(await status(`203.0.113.8:${40_000 + i}`)).toBe(401);
    for (let i = 0; i < 50; i++) expect(await status(`::ffff:203.0.113.8`)).toBe(401);
    expect(await status("203.0.113.8:1")).toBe(429);
    expect(await status("203.0.113.9:40000")).toBe(401);
    for (let i = 0; i < 100; i++) expect(await status(`[2001:db8::${i}]:${40_000 + i}`)).toBe(401);
    expect(await status("2001:db8::ffff")).toBe(429);
  });
});

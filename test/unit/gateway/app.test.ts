import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Durable } from "../../../src/durable/durable.ts";
import { ServiceError } from "../../../src/lib/errors.ts";
import { json, startTestGateway, type TestGateway } from "../../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe("bodies", () => {
  const begin = (body: string | Buffer, headers: Record<string, string> = {}) =>
    gateway.request("/begin?func=unserved", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });

  test("that are no JSON are told so, with the place and without the text", async () => {
    const refused = await begin('{"secret": hunter2}');
    expect(refused).toMatchObject({ status: 400, body: { error: expect.stringMatching(/not valid JSON/) } });
    expect(JSON.stringify(refused.body)).not.toContain("hunter2");
    expect((await begin('{"a":1')).status).toBe(400);
    expect((await begin(Buffer.from([0x22, 0xff, 0x22]))).body).toMatchObject({
      error: "The body is not valid UTF-8",
    });
  });

  test("of up to 64 KiB pass, and not a byte more", async () => {
    const text = (bytes: number) => JSON.stringify("x".repeat(bytes - 2));
    expect((await begin(text(65_536))).status).toBe(200);
    expect(await begin(text(65_537))).toMatchObject({
      status: 413,
      body: { type: "/problems/payload-too-large", error: expect.stringContaining("65536") },
    });
  });

  test("far too large are cut off without filling memory", async () => {
    const status = await new Promise<number | string | undefined>((resolve) => {
      const req = httpRequest(`${gateway.url}/begin`, {
        method: "POST",
        headers: { "content-type": "application/json" },
      });
      req.on("response", (res) => resolve(res.statusCode));
      req.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      const chunk = Buffer.alloc(64 * 1024, "x");
      const push = () => {
        while (!req.destroyed && req.write(chunk));
        if (!req.destroyed) req.once("drain", push);
      };
      push();
    });
    expect([413, "ECONNRESET", "EPIPE"]).toContain(status);
    expect((await gateway.request("/livez")).status).toBe(200);
  });

  test("nested deeper than 32 levels are refused before they are parsed; brackets in strings do not count", async () => {
    expect((await begin(`${"[".repeat(32)}${"]".repeat(32)}`)).status).toBe(200);
    expect((await begin(`${"[".repeat(33)}${"]".repeat(33)}`)).body).toMatchObject({
      error: "The body must not be nested deeper than 32 levels",
    });
    expect((await begin("[".repeat(60_000))).status).toBe(400);
    expect((await begin(JSON.stringify(`${"[".repeat(100)}\\"`))).status).toBe(200);
  });

  test.each([
    [{ "content-type": "text/plain" }],
    [{ "content-type": "application/x-www-form-urlencoded" }],
    [{ "content-type": "application/json; charset=latin1" }],
    [{ "content-type": "application/json", "content-encoding": "gzip" }],
    [{ "content-type": "application/json, text/plain" }],
    [{ "content-type": "application/json; charset=utf-8; charset=latin1", "content-encoding": "br" }],
    [{ "content-type": "application/jsonp" }],
    [{ "content-type": ";charset=utf-8" }],
  ])("with %j are refused", async (headers) => {
    expect(await begin("{}", headers as Record<string, string>)).toMatchObject({
      status: 415,
      body: { type: "/problems/unsupported-media-type" },
    });
  });

  test.each([
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    'application/json; profile="a;charset=latin1"',
    "application/json;",
  ])("Content-Type: %s is JSON", async (type) => {
    expect((await begin("{}", { "content-type": type })).status).toBe(200);
  });
});

describe("addresses and methods", () => {
  test("unknown routes are 404 as problem, or as a page where a browser asks", async () => {
    const problem = await gateway.request("/nowhere");
    expect(problem).toMatchObject({
      status: 404,
      body: { type: "/problems/not-found", title: "Not found", status: 404, instance: expect.any(String) },
    });
    expect(problem.headers.get("content-type")).toContain("application/problem+json");
    const page = await gateway.request("/nowhere", { headers: { accept: "text/html,*/*;q=0.8" } });
    expect(page.status).toBe(404);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  test.each([
    ["GET", "/begin", "POST, OPTIONS"],
    ["DELETE", "/wait", "GET, HEAD, OPTIONS"],
    ["POST", "/livez", "GET, HEAD, OPTIONS"],
    ["PUT", "/approvals", "GET, HEAD, POST, OPTIONS"],
  ])("%s %s is 405 and names what is possible", async (method, path, allow) => {
    const refused = await gateway.request(path, { method });
    expect(refused).toMatchObject({ status: 405, body: { type: "/problems/method-not-allowed" } });
    expect(refused.headers.get("allow")).toBe(allow);
    const options = await gateway.request(path, { method: "OPTIONS" });
    expect(options.status).toBe(204);
    expect(options.headers.get("allow")).toBe(allow);
  });

  test.each(["/wait?id=%", "/wait?id=%zz", "/wait?id=%ff", "/%c0%af", "/d/%"])("%s is 400", async (path) => {
    expect((await gateway.request(path)).status).toBe(400);
  });

  test("names that are not this service's are refused, so that no page elsewhere reads it by a name of its own", async () => {
    expect(await statusFor({ host: "evil.example" })).toBe(421);
    expect(await statusFor({ host: "localhost:1" })).toBe(404);
    expect(await statusFor({ host: "[::1]:5001" })).toBe(404);
  });

  test("other sites' pages cannot start anything", async () => {
    const begin = (site: string) =>
      gateway.request("/begin?func=unserved", { method: "POST", headers: { "sec-fetch-site": site } });
    expect((await begin("cross-site")).status).toBe(403);
    expect((await begin("same-site")).status).toBe(403);
    expect((await begin("none")).status).toBe(200);
    expect((await begin("same-origin")).status).toBe(200);
  });
});

describe("answers", () => {
  test("carry a request id that is also in the log, and never the address", async () => {
    const answer = await gateway.request("/wait?id=very-secret");
    const id = answer.headers.get("x-request-id");
    expect(answer.body).toMatchObject({ instance: id });
    const line = gateway.log.find(({ requestId }) => requestId === id);
    expect(line).toMatchObject({ msg: "request", method: "GET", route: "/wait", status: 404 });
    expect(line?.["ms"]).toEqual(expect.any(Number));
    await gateway.request("/d/eyJhbGciOi.secret.link");
    expect(JSON.stringify(gateway.log)).not.toMatch(/very-secret|secret\.link/);
    expect(gateway.log.some(({ route }) => route === "/d/:token")).toBe(true);
  });

  test("have no header that tells what we are built with, and are not sniffed or cached", async () => {
    const { headers } = await gateway.request("/wait?id=x");
    expect(headers.has("x-powered-by")).toBe(false);
    expect(headers.has("etag")).toBe(false);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });
});

describe("faults", () => {
  const broken = (fault: Error): Durable => {
    const fail = () => Promise.reject(fault);
    return {
      start: fail,
      create: fail,
      search: fail,
      read: fail,
      readTogether: fail,
      settle: fail,
      waitFor: fail,
      children: fail,
      family: fail,
      stop: () => Promise.resolve(),
    };
  };

  test("an engine that does not answer is 503 with Retry-After, and says nothing of its whereabouts", async () => {
    const error = new ServiceError("ENGINE_UNAVAILABLE", "connect ECONNREFUSED 10.1.2.3:8001");
    await using down = await startTestGateway({ durable: broken(error) });
    for (const answer of [
      await down.request("/wait?id=x"),
      await down.request("/wait?id=x", { headers: { prefer: "wait=5" } }),
      await down.request("/begin?id=x", json(1)),
      await down.request("/approvals/x"),
    ]) {
      expect(answer).toMatchObject({ status: 503, body: { type: "/problems/engine-unavailable" } });
      expect(answer.headers.get("retry-after")).toBe("2");
      expect(JSON.stringify(answer.body)).not.toContain("10.1.2.3");
    }
    expect(await down.request("/readyz")).toMatchObject({ status: 503 });
    expect(await down.request("/livez")).toMatchObject({ status: 200 });
    expect(down.log.some(({ msg, code }) => msg === "request failed" && code === "ENGINE_UNAVAILABLE")).toBe(
      true,
    );
  });

  test("a fault of ours is 500 without its text, which is in the log under the request's id", async () => {
    await using down = await startTestGateway({ durable: broken(new Error("SELECT * FROM secrets")) });
    const answer = await down.request("/wait?id=x");
    expect(answer).toMatchObject({ status: 500, body: { type: "/problems/internal" } });
    expect(JSON.stringify(answer.body)).not.toMatch(/SELECT|at /);
    const line = down.log.find(({ msg }) => msg === "request failed");
    expect(line).toMatchObject({
      requestId: answer.headers.get("x-request-id"),
      err: { message: "SELECT * FROM secrets" },
    });
  });

  test("readyz is 503 while the engine lets everybody in, and tells nobody that this is why", async () => {
    let isOpen = true;
    await using exposed = await startTestGateway({ isMisconfigured: () => isOpen });
    expect(await exposed.request("/readyz")).toMatchObject({
      status: 503,
      body: { status: "misconfigured" },
    });
    isOpen = false;
    expect(await exposed.request("/readyz")).toMatchObject({ status: 200 });
  });

  test("readyz answers when the engine does", async () => {
    expect(await gateway.request("/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
  });
});

/** Status of `GET /livez` with these headers, which `fetch` would not let us set. */
function statusFor(headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(`${gateway.url}/wait?id=any`, { headers }, (res) => {
      res.resume();
      resolve(res.statusCode);
    });
    req.on("error", reject).end();
  });
}

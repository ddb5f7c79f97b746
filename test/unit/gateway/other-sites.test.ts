import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { call } from "../../support/http.ts";

const PUBLIC_URL = "https://approvals.example.com";
const LISTED = "https://tools.example.com";
const STRANGER = "https://evil.example";

let closed: TestGateway;
let listing: TestGateway;

beforeAll(async () => {
  closed = await startTestGateway({ publicUrl: PUBLIC_URL });
  listing = await startTestGateway({
    publicUrl: PUBLIC_URL,
    corsOrigins: ["https://other.example.com", LISTED],
  });
});
afterAll(async () => {
  await closed[Symbol.asyncDispose]();
  await listing[Symbol.asyncDispose]();
});

const asked = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };

/** Every header that lets a page of another site read or send something. */
function permissions(headers: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(headers).filter((name) => name.startsWith("access-control-"));
}

describe("pages of other sites", () => {
  test("are told nothing unless their origin is on the list, whatever they ask for", async () => {
    for (const gateway of [closed, listing]) {
      for (const origin of [
        STRANGER,
        "null",
        `${LISTED}.evil.example`,
        "https://TOOLS.example.com",
        `${LISTED}:443`,
      ]) {
        for (const [method, path] of [
          ["OPTIONS", "/begin"],
          ["GET", "/wait?id=x"],
          ["GET", "/approvals/x"],
        ] as const) {
          const answer = await call(`${gateway.url}${path}`, { method, headers: { origin, ...asked } });
          expect(permissions(answer.headers), `${method} ${path} ${origin}`).toEqual([]);
        }
      }
    }
    const listed = await call(`${closed.url}/begin`, {
      method: "OPTIONS",
      headers: { origin: LISTED, ...asked },
    });
    expect(permissions(listed.headers)).toEqual([]);
  });

  test("of a listed origin may ask, send and read, refusals too, and never with credentials", async () => {
    const headers = { origin: LISTED, "sec-fetch-site": "cross-site" };
    const before = await call(`${listing.url}/begin`, {
      method: "OPTIONS",
      headers: { ...headers, ...asked },
    });
    expect(before.status).toBe(204);
    expect(before.headers).toMatchObject({
      "access-control-allow-origin": LISTED,
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": expect.stringContaining("Authorization"),
      vary: "Origin",
    });
    const began = await call(`${listing.url}/begin?func=unserved`, { method: "POST", headers });
    expect(began.status).toBe(200);
    const unknown = await call(`${listing.url}/wait?id=nobody`, { headers });
    expect(unknown.status).toBe(404);
    for (const answer of [before, began, unknown]) {
      expect(answer.headers["access-control-allow-origin"]).toBe(LISTED);
      expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
    }
  });

  test("of a listed origin get no further than the API: not to pages, links or webhooks", async () => {
    for (const path of ["/", "/d/token", "/r/token", "/webhooks/stripe", "/callbacks/token", "/livez"]) {
      const answer = await call(`${listing.url}${path}`, {
        method: "OPTIONS",
        headers: { origin: LISTED, ...asked },
      });
      expect(permissions(answer.headers), path).toEqual([]);
    }
    const press = await call(`${listing.url}/d/token`, {
      method: "POST",
      headers: { origin: LISTED, "sec-fetch-site": "cross-site" },
    });
    expect(press.status).toBe(403);
  });

  test("start nothing through a browser too old to say where a request comes from", async () => {
    const begin = (headers: Record<string, string>) =>
      call(`${closed.url}/begin?func=unserved`, { method: "POST", headers });
    for (const origin of [STRANGER, "null", "http://approvals.example.com", "nonsense"]) {
      expect((await begin({ origin })).status, origin).toBe(403);
    }
    const own = closed.url.replace("http://", "");
    for (const origin of [PUBLIC_URL, `http://${own}`])
      expect((await begin({ origin })).status, origin).toBe(200);
    expect((await begin({})).status).toBe(200);
    // A form of ours says `null` under our own no-referrer: on decision pages the link decides, and this one is none.
    const press = await call(`${closed.url}/d/token`, { method: "POST", headers: { origin: "null" } });
    expect(press.text).toContain("This link");
  });
});

test("every answer says that https is for good, pages, problems and assets alike; without https none does", async () => {
  await using plain = await startTestGateway();
  for (const path of [
    "/",
    "/livez",
    "/readyz",
    "/wait?id=x",
    "/nowhere",
    "/d/x",
    "/openapi.json",
    "/assets/page.css",
    "/docs",
  ]) {
    const secure = await call(`${closed.url}${path}`);
    expect(secure.headers["strict-transport-security"], path).toBe("max-age=31536000");
    expect((await call(`${plain.url}${path}`)).headers["strict-transport-security"], path).toBeUndefined();
  }
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthenticate } from "../../../src/auth/authenticate.ts";
import { isKey, makeKey } from "../../../src/auth/key.ts";
import { SCOPE_NAMES, type Scope } from "../../../src/auth/scopes.ts";
import { OPERATIONS } from "../../../src/openapi/operations.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { mountedRoutes } from "../../support/mounted-routes.ts";

/** What people open, or look at the API with. Everything else that is mounted is for programs, and documented. */
const FOR_PEOPLE = [
  "/",
  "/assets/:name",
  "/d/:token",
  "/r/:token",
  "/docs",
  "/docs/types",
  "/problems",
  "/problems/:type",
];

/** Has a protocol of its own, which describes itself to its clients. */
const FOR_AGENTS = "/mcp";

/** Has a format of its own, which is no JSON: c2sp.org/tlog-checkpoint. */
const FOR_WITNESSES = ["/log/checkpoint", "/log/checkpoint/witnessed"];

/** `METHOD /path` of everything that Express has for programs, as the document writes paths. */
function mounted(): string[] {
  return mountedRoutes().flatMap(({ path, methods }) => {
    if (
      FOR_PEOPLE.includes(path) ||
      path === FOR_AGENTS ||
      FOR_WITNESSES.includes(path) ||
      /^\/(?:admin|inbox)(?:\/|$)/u.test(path) ||
      /^\/[adr]\/:token/u.test(path)
    )
      return [];
    const written = path.replaceAll(/:(\w+)/g, "{$1}");
    return methods.map((method) => `${method.toUpperCase()} ${written}`);
  });
}

const documented = OPERATIONS.map(({ method, path }) => `${method.toUpperCase()} ${path}`);

describe("the operations", () => {
  test("are what Express has mounted for programs, no more and no less", () => {
    expect([...documented].sort()).toEqual(mounted().sort());
  });

  test("each have a name of their own, and describe each parameter of their path", () => {
    expect(new Set(OPERATIONS.map(({ id }) => id)).size).toBe(OPERATIONS.length);
    for (const { id, path, parameters = [] } of OPERATIONS) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      expect(described, id).toEqual(named);
    }
  });
});

describe("every operation", () => {
  const made = SCOPE_NAMES.map((scope) => ({
    scope,
    ...makeKey({ client: scope, scopes: [scope], createdAt: "2026-11-21T10:00:00Z" }),
  }));
  let gateway: TestGateway;

  beforeAll(async () => {
    const find = (text: string) => made.find(({ stored }) => isKey(text, stored))?.stored;
    gateway = await startTestGateway({
      isLogged: true,
      authenticate: createAuthenticate({ isOpen: () => false, find, live: () => undefined }),
      trustProxyHops: 1,
    });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  let calls = 0;
  const status = async (method: string, path: string, scope?: Scope): Promise<number> => {
    const key = made.find((each) => each.scope === scope)?.text;
    // As if from many callers: the limit on refusals is not what these tests are about.
    calls += 1;
    const headers = {
      "x-forwarded-for": `127.0.${calls >> 8}.${calls & 255}`,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    const address = path.replaceAll(/\{\w+\}/g, "1");
    return (await gateway.request(address, { method: method.toUpperCase(), headers })).status;
  };

  test.each(OPERATIONS.map((operation) => [operation.id, operation] as const))(
    "%s lets in whom its scope says, and nobody else",
    async (_, { method, path, scope: needed }) => {
      if (needed === "none") {
        // A webhook shows by its signature where it comes from, a callback URL by its token.
        const own = path.startsWith("/webhooks/") ? 404 : path.startsWith("/callbacks/") ? 403 : 200;
        expect(await status(method, path)).toBe(own);
        return;
      }
      expect(await status(method, path)).toBe(401);
      for (const scope of SCOPE_NAMES) {
        const may = scope === "admin" || [needed].flat().includes(scope);
        const answered = await status(method, path, scope);
        if (may) expect([401, 403, 429], `${scope} ${answered}`).not.toContain(answered);
        else expect(answered, scope).toBe(403);
      }
    },
  );
});

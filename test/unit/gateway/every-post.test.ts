/** No page of another site can press or post anything: each POST route that Express has, so that a new one cannot be forgotten. */
import { Router } from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LINK_VIEW_MS } from "../../../src/approval/approval.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { call } from "../../support/http.ts";
import { mountedRoutes } from "../../support/mounted-routes.ts";
import { openRig, type Rig, until } from "./rig.ts";

/** They have no cookie, and believe nobody without a signature. */
const BY_SIGNATURE = ["/webhooks/:source", "/callbacks/:token"];

const provider = {
  id: "id",
  roleOf: () => undefined,
  entryUrl: async () => "",
  whoCame: async () => {
    throw new Error("Nobody comes");
  },
};

const REFUSED = /Pages of other sites cannot use this (?:form|API)/u;

const ADMIN = { byKey: true, provider: () => provider };
/** Of all POST routes, with everything switched on that there is. */
const PATHS = mountedRoutes({ mailbox: Router(), admin: ADMIN }).flatMap(({ path, methods }) =>
  methods.includes("post") ? [path] : [],
);
let calls = 0;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ inbox: true, admin: ADMIN, mailbox: Router(), trustProxyHops: 1 });
});
afterAll(() => gateway[Symbol.asyncDispose]());

test("there are as many as people and programs have forms and calls", () => {
  expect(PATHS.length).toBeGreaterThan(50);
  for (const one of [
    "/begin",
    "/d/:token",
    "/a/:token/cancel",
    "/inbox/confirm",
    "/admin/sign-in",
    "/first-approval",
  ]) {
    expect(PATHS).toContain(one);
  }
});

describe.each(PATHS.filter((path) => !BY_SIGNATURE.includes(path)))("POST %s", (path) => {
  const post = (headers: Record<string, string>) => {
    // As if from many callers: the limit on refusals is not what these tests are about.
    calls += 1;
    const from = { "x-forwarded-for": `127.0.${calls >> 8}.${calls & 255}` };
    const address = path.replaceAll(/:\w+/g, "1");
    const form = { "content-type": "application/x-www-form-urlencoded" };
    return call(`${gateway.url}${address}`, {
      method: "POST",
      headers: { ...form, ...from, ...headers },
      body: "confirm=yes",
    });
  };
  test("from another site is refused, whether the browser says so or names the site", async () => {
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "cross-site", origin: "null" },
      { "sec-fetch-site": "same-site", origin: "https://other.example.com" },
      { origin: "https://evil.example" },
      { origin: `${gateway.url}.evil.example` },
    ]) {
      const answer = await post(headers);
      // The inbox tells people in their own words: there, our own form would not be refused. A link that is none is refused
      // anyway; genuine ones have tests of their own below.
      const own = await post({ origin: gateway.url });
      const isForThat =
        /^\/[adr]\//u.test(path) ||
        REFUSED.test(answer.text) ||
        own.status !== 403 ||
        own.text !== answer.text;
      expect([answer.status, isForThat], JSON.stringify(headers)).toEqual([403, true]);
    }
  });

  test("from our own is not refused for that", async () => {
    for (const headers of [
      { "sec-fetch-site": "same-origin", origin: gateway.url },
      { origin: gateway.url },
    ]) {
      expect((await post(headers)).text, JSON.stringify(headers)).not.toMatch(REFUSED);
    }
  });
});

/** What a form is posted to, to answer, to take the answer back, or to cancel. */
async function linkOf(rig: Rig, kind: string): Promise<string> {
  const decision = await rig.link("po-1", "approve");
  if (kind === "/d") return decision;
  if (kind === "/r") return `${(await rig.press(decision)).headers.get("location")}/undo`;
  const root = await until(async () => rig.durable.read("po-1"));
  const token = rig.tokens.issueRequesterLink({
    approval: "po-1",
    recipient: rig.tokens.recipientId("po-1", "kim@example.com"),
    bornAtMs: root.createdAt,
    expiresAtMs: root.timeoutAt + LINK_VIEW_MS,
  });
  return `/a/${token}/cancel`;
}

test.each(["/d", "/r", "/a"])(
  "a genuine link under %s does nothing for another site that an old browser names",
  async (kind) => {
    await using rig = await openRig();
    const asked = { id: "po-1", title: "Order", requester: "kim@example.com", undo: "PT1H" };
    const approvers = ["ana@example.com", "bo@example.com"];
    const { status } = await rig.json("POST", "/approvals", { ...asked, approvers, require: "all" });
    expect(status).toBe(202);
    const link = await linkOf(rig, kind);
    expect(link.startsWith(`${kind}/`)).toBe(true);

    /** What people and programs did. */
    const acts = async () => {
      const { events } = (await rig.json("GET", "/approvals/po-1/history")).body as { events: object[] };
      return events.filter((event) => "door" in event);
    };
    const before = await acts();
    const audited = rig.audit.filter(({ what }) => what !== "refused").length;
    const fields = { confirm: "yes" };
    expect((await rig.press(link, fields, { origin: "https://evil.example" })).status).toBe(403);
    expect(await acts()).toEqual(before);
    expect(rig.audit.filter(({ what }) => what !== "refused")).toHaveLength(audited);
    // It is the site alone that stood in the way.
    expect((await rig.press(link, fields, { origin: rig.url })).status).toBe(303);
    expect((await acts()).length).toBeGreaterThan(before.length);
  },
);

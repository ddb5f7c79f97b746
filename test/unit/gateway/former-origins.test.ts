/** A service that has moved: what was sent under its former addresses still works, and nobody else's. */
import { createHmac } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { loadSources } from "../../../src/webhooks/load.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { call } from "../../support/http.ts";

const NEW = "https://approvals.example.com";
const OLD = "https://old.example.com";
const OLDER = "http://older.example.com:8080";
const SECRET = "twilio-token";
const ENDS_AT_MS = Date.now() + 3_600_000;

let running: TestGateway | undefined;
afterEach(async () => {
  await running?.[Symbol.asyncDispose]();
  running = undefined;
});

async function moved(formerPublicUrls: readonly string[]) {
  const loaded = loadSources(
    "sources: { calls: { scheme: twilio, secrets: [{ env: TWILIO }], promise: p } }",
    () => SECRET,
  );
  if (!loaded.ok) throw new Error(loaded.problems.join());
  running = await startTestGateway({ publicUrl: NEW, formerPublicUrls, sources: loaded.sources });
  await running.durable.create({ id: "wf", param: undefined, timeoutAt: ENDS_AT_MS, tags: {} });
  return running;
}

/** The path of a callback URL as the service made it when that was its address. */
function path(publicUrl: string, pid: string): string {
  const keys = [{ kid: "test", secret: Buffer.alloc(32, 7) }];
  const tokens = createLinkTokens({ keys, issuer: publicUrl });
  return `/callbacks/${tokens.issueCallbackUrl({ pid, workflow: "wf", workflowEndsAtMs: ENDS_AT_MS })}`;
}

function post(g: TestGateway, origin: string, at: string) {
  const headers = { "content-type": "application/json", host: new URL(origin).host };
  return call(`${g.url}${at}`, { method: "POST", headers, body: "1" });
}

test.each([NEW, OLD, OLDER])(
  "what was sent under %s works, under that name and the new one",
  async (origin) => {
    const g = await moved([OLD, OLDER]);
    for (const [n, host] of [origin, NEW].entries()) {
      await g.durable.create({ id: `p${n}`, param: undefined, timeoutAt: Date.now() + 60_000, tags: {} });
      expect(await post(g, host, path(origin, `p${n}`))).toMatchObject({ status: 200 });
    }
  },
);

test("an origin that is not listed is refused: its name, and what holds it", async () => {
  const g = await moved([OLDER]);
  await g.durable.create({ id: "p", param: undefined, timeoutAt: Date.now() + 60_000, tags: {} });
  expect((await post(g, OLD, path(NEW, "p"))).status).toBe(421);
  expect((await post(g, NEW, path(OLD, "p"))).status).toBe(403);
  // The scheme and the port are a part of it.
  for (const near of [
    "https://older.example.com:8080",
    "http://older.example.com",
    `${OLDER}.evil.example`,
  ]) {
    expect([near, (await post(g, NEW, path(near, "p"))).status]).toEqual([near, 403]);
  }
  expect(await g.durable.read("p")).toMatchObject({ state: "pending" });
});

test.each([
  [OLD, OLD, 200],
  [NEW, NEW, 200],
  [OLD, NEW, 401],
  [NEW, OLD, 401],
])("a sender that signs the address %s and calls %s is answered %i", async (signed, called, status) => {
  const g = await moved([OLD]);
  await g.durable.create({ id: "p", param: undefined, timeoutAt: Date.now() + 60_000, tags: {} });
  const form = new URLSearchParams({ CallSid: "1" });
  const mac = createHmac("sha1", SECRET).update(`${signed}/webhooks/callsCallSid1`).digest("base64");
  const answer = await call(`${g.url}/webhooks/calls`, {
    method: "POST",
    headers: {
      host: new URL(called).host,
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": mac,
    },
    body: form.toString(),
  });
  expect(answer.status).toBe(status);
});

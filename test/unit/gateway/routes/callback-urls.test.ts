import { afterEach, describe, expect, test } from "vitest";
import { createLinkTokens } from "../../../../src/tokens/tokens.ts";
import { json, startTestGateway, type TestGateway } from "../../../support/gateway.ts";

let gateway: TestGateway | undefined;
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]();
  gateway = undefined;
});

async function start(): Promise<TestGateway> {
  gateway = await startTestGateway();
  await gateway.durable.start({ id: "wf", func: "foo", args: [], timeoutAt: ENDS_AT_MS });
  return gateway;
}

function tokensOf(g: TestGateway) {
  return createLinkTokens({ keys: [{ kid: "test", secret: Buffer.alloc(32, 7) }], issuer: g.publicUrl });
}

const ENDS_AT_MS = Date.now() + 3_600_000;

/** The URL that the workflow `wf` hands out for a promise. */
function path(g: TestGateway, pid: string, workflowEndsAtMs = ENDS_AT_MS): string {
  return `/callbacks/${tokensOf(g).issueCallbackUrl({ pid, workflow: "wf", workflowEndsAtMs })}`;
}

async function latent(g: TestGateway, id: string, tags: Record<string, string> = {}, timeoutMs = 60_000) {
  await g.durable.create({ id, param: undefined, timeoutAt: Date.now() + timeoutMs, tags });
}

describe("POST /callbacks/:token", () => {
  test("settles its promise with the body, once, and tells nothing of what others sent", async () => {
    const g = await start();
    await latent(g, "scan:0");
    const url = path(g, "scan:0");
    expect(await g.request(url, json({ clean: true }))).toEqual(
      expect.objectContaining({ status: 200, body: { status: "resolved", effective: true } }),
    );
    expect(await g.durable.read("scan:0")).toMatchObject({ state: "resolved", value: { clean: true } });
    expect(await g.request(url, json({ clean: true }))).toMatchObject({
      status: 200,
      body: { effective: false },
    });
    expect(await g.request(url, json({ clean: false }))).toEqual(
      expect.objectContaining({ status: 409, body: { status: "resolved", effective: false } }),
    );
  });

  test("only POST, only JSON, at most 64 KiB", async () => {
    const g = await start();
    await latent(g, "p");
    const url = path(g, "p");
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      expect(await g.request(url, { method })).toMatchObject({ status: 405 });
    }
    expect(await g.request(url, { method: "POST", body: "x=1" })).toMatchObject({ status: 415 });
    expect(await g.request(url, json("x".repeat(64 * 1024)))).toMatchObject({ status: 413 });
    expect(await g.request(url, { ...json(null), body: '{"__proto__":1}' })).toMatchObject({ status: 422 });
    expect(await g.durable.read("p")).toMatchObject({ state: "pending" });
  });

  test("a token of another kind, changed, of another key or too old is 403, all alike", async () => {
    const g = await start();
    await latent(g, "p");
    const tokens = tokensOf(g);
    const times = { bornAtMs: 1000, issuedAtMs: 1000, expiresAtMs: Date.now() + 60_000 };
    const leave = { pid: "p", workflow: "wf", workflowEndsAtMs: ENDS_AT_MS };
    const good = tokens.issueCallbackUrl(leave);
    const [head = "", claims = "", signature = ""] = good.split(".");
    const forged = Buffer.from(JSON.stringify({ ...JSON.parse(atob(claims)), pid: "q" })).toString(
      "base64url",
    );
    const stranger = createLinkTokens({
      keys: [{ kid: "test", secret: Buffer.alloc(32, 8) }],
      issuer: g.publicUrl,
    });
    const bits = "A".repeat(22);
    for (const token of [
      tokens.issueLink({ pid: "p", recipient: bits, choice: "approve", gen: 0, ...times }),
      tokens.issueReceipt({ pid: "p", choice: "approve", nonce: bits, ...times }),
      `${head}.${forged}.${signature}`,
      `${head}.${claims}.`,
      stranger.issueCallbackUrl(leave),
      tokens.issueCallbackUrl({ ...leave, workflowEndsAtMs: Date.now() - 2000 }),
      // Of a workflow that had this id before, and of one that is gone.
      tokens.issueCallbackUrl({ ...leave, workflowEndsAtMs: ENDS_AT_MS - 1 }),
      tokens.issueCallbackUrl({ ...leave, workflow: "gone" }),
      "x",
    ]) {
      const answer = await g.request(`/callbacks/${token}`, json(1));
      expect(answer).toMatchObject({ status: 403, body: { detail: "This URL cannot be used" } });
    }
    // And the reverse: it opens no decision page.
    expect(await g.request(`/d/${good}`)).toMatchObject({ status: 403 });
    expect(await g.durable.read("p")).toMatchObject({ state: "pending" });
    expect(JSON.stringify(g.log)).not.toContain(good);
  });

  test("never a ballot, a workflow, or a promise that names other doors", async () => {
    const g = await start();
    await latent(g, "b", { "countersign:kind": "ballot" });
    await latent(g, "s", { "countersign:settle": "api" });
    for (const id of ["b", "s", "wf"]) {
      expect(await g.request(path(g, id), json(1))).toMatchObject({ status: 403 });
      expect(await g.durable.read(id)).toMatchObject({ state: "pending" });
    }
    expect(await g.request(path(g, "gone"), json(1))).toMatchObject({ status: 404 });
    await latent(g, "late", {}, -1);
    expect(await g.request(path(g, "late"), json(1))).toMatchObject({ status: 410 });
  });
});

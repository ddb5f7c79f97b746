import { expect, test } from "vitest";
import { readCheckpoint } from "../../../../src/evidence/checkpoint.ts";
import { openNote, readVerifierKey } from "../../../../src/evidence/note.ts";
import { EVERYBODY_MAY, startTestGateway, type TestGateway } from "../../../support/gateway.ts";
import { isConsistent, isIncluded, leafHashOf } from "../../../support/merkle-proofs.ts";

const REQUEST = {
  title: "Order laptops",
  approvers: [{ email: "ana@example.com" }],
  deadline: "P1D",
};

async function approve(gateway: TestGateway, id: string): Promise<void> {
  const { status } = await gateway.request("/approvals", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ id, ...REQUEST }),
  });
  expect(status).toBe(202);
}

async function headOf(gateway: TestGateway) {
  const { status, body } = await gateway.request("/log/checkpoint");
  expect(status).toBe(200);
  const { body: keySet } = await gateway.request("/.well-known/countersign-keys.json");
  const keys = (keySet as { log: string[] }).log.map((text) => readVerifierKey(text));
  const note = openNote(
    String(body),
    keys.filter((key) => key !== undefined),
  );
  expect(note?.signatures).toBe(2);
  const head = readCheckpoint(String(body));
  expect(head?.origin).toBe(`${new URL(gateway.publicUrl).host}/log`);
  return head ?? { size: 0, root: Buffer.alloc(0) };
}

const hashes = (body: unknown) => (body as { proof: string[] }).proof.map((hash) => Buffer.from(hash, "hex"));

test("a stranger verifies by the published head that an event is in the log, and that the log was continued", async () => {
  await using gateway = await startTestGateway({ isLogged: true });
  for (let n = 0; n < 5; n += 1) await approve(gateway, `po-${n}`);
  await expect.poll(async () => (await headOf(gateway)).size).toBe(5);
  const first = await headOf(gateway);
  for (let n = 5; n < 8; n += 1) await approve(gateway, `po-${n}`);
  await expect.poll(async () => (await headOf(gateway)).size).toBe(8);
  const second = await headOf(gateway);

  const { body: logged } = await gateway.request("/log/approvals/po-3");
  const { events } = logged as { events: { index: number; leaf: string; id: string; salt: string }[] };
  expect(events).toEqual([
    {
      index: 3,
      leaf: expect.stringContaining('"type":"approval.created"'),
      id: "po-3",
      salt: expect.stringMatching(/^\w{64}$/u),
    },
  ]);
  const { body: entries } = await gateway.request("/log/entries?from=3&limit=1");
  expect(entries).toEqual({ from: 3, entries: [events[0]?.leaf] });

  const inclusion = await gateway.request("/log/inclusion?index=3");
  const leaf = { hash: leafHashOf(events[0]?.leaf ?? ""), index: 3, size: second.size, root: second.root };
  expect(isIncluded(leaf, hashes(inclusion.body))).toBe(true);
  const consistency = await gateway.request("/log/consistency?older=5");
  expect(isConsistent(first, second, hashes(consistency.body))).toBe(true);
});

test("wrong questions are refused by field", async () => {
  await using gateway = await startTestGateway({ isLogged: true });
  await approve(gateway, "po-1");
  await expect.poll(async () => (await headOf(gateway)).size).toBe(1);
  for (const [path, field, message] of [
    ["/log/inclusion", "index", "must be a whole number from 0 on"],
    ["/log/inclusion?index=x", "index", "must be a whole number from 0 on"],
    ["/log/inclusion?index=1", "index", "must be a whole number from 0 to 0"],
    ["/log/inclusion?index=0&size=2", "size", "must be a whole number from 1 to 1"],
    ["/log/consistency?older=0", "older", "must be a whole number from 1 to 1"],
    ["/log/entries?limit=1001", "limit", "must be a whole number from 1 to 1000"],
    ["/log/entries?from=2", "from", "must be a whole number from 0 to 1"],
  ]) {
    const { status, body } = await gateway.request(String(path));
    expect([path, status]).toEqual([path, 422]);
    expect(body).toMatchObject({ errors: [{ field, message }] });
  }
  expect((await gateway.request("/log/approvals/nobody")).status).toBe(404);
});

test("the head needs no key, and everything else that of an operator", async () => {
  await using gateway = await startTestGateway({
    isLogged: true,
    authenticate: {
      ...EVERYBODY_MAY,
      open: () => undefined,
      identify: async () => undefined,
      again: () => undefined,
    },
  });
  expect((await gateway.request("/log/checkpoint")).status).toBe(200);
  for (const path of [
    "/log/entries",
    "/log/inclusion?index=0",
    "/log/consistency?older=1",
    "/log/approvals/po-1",
  ])
    expect((await gateway.request(path)).status).toBe(401);
});

test("an installation without a log says so", async () => {
  await using gateway = await startTestGateway();
  for (const path of ["/log/checkpoint", "/log/entries"]) {
    const { status, body } = await gateway.request(path);
    expect(status).toBe(503);
    expect(body).toMatchObject({ type: "/problems/log-unavailable" });
  }
});

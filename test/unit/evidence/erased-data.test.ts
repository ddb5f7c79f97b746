/** What was deleted cannot be read in the engine's files, also where rows had been written again before. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { encodeValue } from "../../../src/durable/value.ts";
import { operateEngine } from "../../../src/engine/operate/operate.ts";
import { evidenceTrail } from "../../../src/evidence/trail.ts";
import { checkpointed, temporaryFolder, testEngine } from "../../support/engine.ts";
import { create, latentTags, request, rootTags, settle } from "../../support/engine-requests.ts";
import { auditOf } from "../../support/event-log.ts";
import { LEDGER } from "../../support/ledger-engine.ts";

const LATER = Date.now() + 86_400_000;
const APPROVALS = 40;
const ANA = "council.ana.ruiz@example.com";
const BO = "council.bo.kuznetsov@example.com";
const kind = (name: string) => ({ "countersign:kind": name });
const emailOf = (at: number) => (at % 2 === 0 ? ANA : BO);

/** A value that names the person several times; some are too large for one page of the file. */
const about = (at: number, more: object) =>
  encodeValue({ ...more, note: `${emailOf(at)} `.repeat(1 + (at % 5) * 40) }).data;

function requestOf(id: string, at: number) {
  const asked = {
    title: "Order",
    summary: `${emailOf(at)} `.repeat(1 + (at % 5) * 40),
    details: [],
    approvers: [{ email: emailOf(at) }],
    require: "any",
    rejection: "veto",
    deadline: "P7D",
    onDeadline: "expire",
  };
  const terms = { startedAtMs: Date.now(), deadlineAtMs: LATER };
  const param = encodeValue({ func: "approval", args: [asked, terms], version: 2 });
  return request("promise.create", { id, timeoutAt: LATER, param, tags: rootTags(id, kind("approval")) });
}

function ballotOf(id: string, at: number) {
  const approver = { email: emailOf(at) };
  const param = encodeValue({ kind: "ballot", approval: id, n: 1, approver, recipient: "r1", gen: 0 });
  const tags = latentTags(`${id}:1`, id, kind("ballot"));
  return request("promise.create", { id: `${id}:1`, timeoutAt: LATER, param, tags });
}

/** How often the files have the address, by file and form. */
function copies(dataDir: string, email: string): Record<string, number> {
  // As base64 has it, wherever it begins.
  const forms = [0, 1, 2].map((at) =>
    Buffer.from(" ".repeat(at) + email)
      .toString("base64")
      .slice(4, -4),
  );
  const found: Record<string, number> = {};
  for (const name of readdirSync(dataDir)) {
    const file = readFileSync(join(dataDir, name), "latin1");
    const plain = file.split(email).length - 1;
    const encoded = forms.reduce((sum, form) => sum + file.split(form).length - 1, 0);
    if (plain > 0) found[`${name} plain`] = plain;
    if (encoded > 0) found[`${name} base64`] = encoded;
  }
  return found;
}

it("is not left of erased approvals, which were changed many times before", async () => {
  const dataDir = temporaryFolder();
  const engine = testEngine({ dataDir, projection: LEDGER, trail: evidenceTrail() });
  const ids = Array.from({ length: APPROVALS }, (_, at) => `po-${(at * 7919) % 1_000}`);
  const round = async (requests: (id: string, at: number) => readonly object[]) => {
    for (const [at, id] of ids.entries()) for (const each of requests(id, at)) await engine.send(each);
    // So that the next round changes rows that are in the file.
    await checkpointed(dataDir);
  };
  await round((id, at) => [requestOf(id, at)]);
  const end = (id: string) => create(`${id}:0`, LATER, latentTags(`${id}:0`, id, kind("end")));
  await round((id, at) => [end(id), ballotOf(id, at)]);
  expect(copies(dataDir, ANA)).toHaveProperty("engine.db-wal plain");
  await round((id, at) => [settle(`${id}:1`, "resolved", about(at, { choice: "yes" }))]);
  await round((id) => [settle(`${id}:0`)]);
  await round((id, at) => [settle(id, "resolved", about(at, { outcome: "approved" }))]);
  expect(copies(dataDir, ANA)).toMatchObject({ "engine.db-wal base64": expect.any(Number) });

  for (const [at, id] of ids.entries()) {
    if (emailOf(at) === ANA) expect(await engine.erase(id)).toMatchObject({ state: "done" });
  }
  // SQLite does not overwrite where rows were before they were changed, or moved within the file.
  const left = copies(dataDir, ANA);
  expect(Object.keys(left).filter((where) => !where.startsWith("engine.db "))).toEqual([]);
  expect(copies(dataDir, BO)).toMatchObject({
    "engine.db plain": expect.any(Number),
    "engine.db base64": expect.any(Number),
  });

  const operations = operateEngine({ dataDir, url: "http://127.0.0.1:1", token: undefined });
  expect(await operations.compact()).toBe(false);
  await engine.close();
  expect(await operations.compact()).toBe(true);
  expect(copies(dataDir, ANA)).toEqual({});
  expect(copies(dataDir, BO)["engine.db base64"]).toBeGreaterThan(APPROVALS);
  expect(auditOf(dataDir)).toMatchObject({ approvals: 20, erased: 20, findings: [] });
});

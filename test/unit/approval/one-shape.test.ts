/**
 * One optional field more is one line in `schema.ts`: in a copy of the sources that has such a line, and is otherwise
 * the same, the field is accepted, stored, read back, compared and described.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { openRig, Rig } from "../gateway/rig.ts";

const FIELDS = `costCentre: z.exactOptional(line(40).meta({ description: "Who pays." })),
  urgency: z.enum(["low", "high"]).default("low").meta({ description: "How soon." }),`;

const folder = mkdtempSync(join(tmpdir(), "one-shape-"));
let rig: Rig;

beforeAll(async () => {
  for (const name of ["src", "worker", "views", "test/unit/gateway/rig.ts", "test/support", "package.json"]) {
    cpSync(name, join(folder, name), { recursive: true });
  }
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  const schema = join(folder, "src/approval/schema.ts");
  const before = readFileSync(schema, "utf8");
  const after = before.replace("  callbackUrl: z.exactOptional(", `  ${FIELDS}\n$&`);
  expect(after).not.toBe(before);
  writeFileSync(schema, after);
  const copy = (await import(join(folder, "test/unit/gateway/rig.ts"))) as { openRig: typeof openRig };
  rig = await copy.openRig();
});

afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const request = { id: "po-1", title: "Order", approvers: ["ana@example.com"], costCentre: "Caf\u00e9 7" };
const ask = (more: Record<string, unknown>) => rig.json("POST", "/approvals", { ...request, ...more });

test("is accepted, stored and read back, and lets the approval run its course", async () => {
  expect(await ask({})).toMatchObject({ status: 202 });
  const { body } = await rig.json("GET", "/approvals/po-1");
  expect(body).toMatchObject({ title: "Order", costCentre: "Caf\u00e9 7", urgency: "low" });
  await rig.press(await rig.link("po-1", "approve"));
  expect((await rig.settled("po-1")).value).toMatchObject({ outcome: "approved" });
});

test("is refused where it is wrong, by its name", async () => {
  const { status, body } = await rig.json("POST", "/approvals", { ...request, id: "po-2", urgency: "now" });
  expect(status).toBe(422);
  expect(body["errors"]).toEqual([{ field: "urgency", message: 'must be "low" or "high"' }]);
});

test("counts where the same call is told from another one", async () => {
  expect((await ask({})).status).toBe(202);
  expect((await ask({ costCentre: "Cafe\u0301 7", urgency: "low" })).status).toBe(202);
  const other = await ask({ costCentre: "8", urgency: "high" });
  expect(other.status).toBe(409);
  expect(other.body["detail"]).toContain("(costCentre, urgency)");
});

test("has its default in what was stored before it was there", async () => {
  const { title, approvers } = request;
  const people = approvers.map((email) => ({ email }));
  const old = { title, approvers: people, details: [], require: "any", rejection: "veto" };
  const args = [{ ...old, deadline: "P7D", onDeadline: "expire", metadata: {} }];
  const tags = { "countersign:kind": "approval" };
  await rig.durable.start({
    id: "old",
    func: "approval",
    args,
    timeoutAt: Date.now() + 8 * 86_400_000,
    tags,
  });
  expect((await rig.json("GET", "/approvals/old")).body).toMatchObject({ title: "Order", urgency: "low" });
  expect((await rig.json("POST", "/approvals", { id: "old", title, approvers })).status).toBe(202);
});

test("is described, in requests and in answers", async () => {
  const { body } = await rig.json("GET", "/openapi.json");
  const { schemas } = body["components"] as {
    schemas: Record<string, { properties: object; required: string[] }>;
  };
  expect(schemas["ApprovalRequest"]?.properties).toMatchObject({
    costCentre: { type: "string", maxLength: 40, description: "Who pays." },
    urgency: { enum: ["low", "high"] },
  });
  expect(schemas["ApprovalRequest"]?.required).toEqual(["title"]);
  expect(schemas["Approval"]?.properties).toMatchObject({ costCentre: { type: "string" }, urgency: {} });
  expect(schemas["Approval"]?.required).toContain("urgency");
});

import { join } from "node:path";
import { expect, it } from "vitest";
import { openEngine } from "../../../src/engine/engine.ts";
import { DatabaseSync } from "../../../src/engine/store/sqlite.ts";
import { evidenceTrail } from "../../../src/evidence/trail.ts";
import { countersignHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { create, rootTags, settle } from "../../support/engine-requests.ts";

async function withApproval(): Promise<string> {
  const dataDir = temporaryFolder();
  const engine = openEngine({ dataDir, trail: evidenceTrail() });
  const tags = rootTags("po", { "countersign:kind": "approval" });
  await engine.send(create("po", Date.now() + 60_000, tags));
  await engine.send(settle("po"));
  await engine.close();
  return dataDir;
}

it("countersign audit verify says what it looked at", async () => {
  const dataDir = await withApproval();
  const said = await countersignHere(["audit", "verify"], { DATA_DIR: dataDir });
  expect(said.code).toBe(0);
  expect(JSON.parse(said.stdout)).toMatchObject({
    size: 2,
    approvals: 1,
    erased: 0,
    gaps: 0,
    count: 0,
    findings: [],
  });
});

it("countersign audit verify names what it finds, and exits with 1", async () => {
  const dataDir = await withApproval();
  const db = new DatabaseSync(join(dataDir, "engine.db"));
  db.exec("UPDATE log_events SET at = at + 1 WHERE seq = 1");
  db.close();
  const said = await countersignHere(["audit", "verify"], { DATA_DIR: dataDir });
  expect(said.code).toBe(1);
  expect(JSON.parse(said.stdout).findings).toContainEqual({
    kind: "changed",
    what: "event 1 follows another event than number 1 of chain 1, as it is in the log",
  });
});

it("countersign audit verify says where there is no log", async () => {
  const dataDir = temporaryFolder();
  await openEngine({ dataDir }).close();
  expect(await countersignHere(["audit", "verify"], { DATA_DIR: dataDir })).toMatchObject({
    code: 3,
    stderr: "countersign: There is no log of events: EVENT_LOG is off, or the service never ran\n",
  });
  expect((await countersignHere(["audit"], { DATA_DIR: dataDir })).code).toBe(2);
});

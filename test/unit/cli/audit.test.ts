import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Config } from "../../../src/config/config.ts";
import { loadSigningKeys } from "../../../src/config/signing-keys.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { DatabaseSync } from "../../../src/engine/store/sqlite.ts";
import { checkpointText } from "../../../src/evidence/checkpoint.ts";
import { signNote, verifierKey } from "../../../src/evidence/note.ts";
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

it("countersign audit verify --head compares with a head that was kept, if one of the keys signed it", async () => {
  const dataDir = await withApproval();
  const verify = (...args: string[]) => countersignHere(["audit", "verify", ...args], { DATA_DIR: dataDir });
  const root = Buffer.from(JSON.parse((await verify()).stdout).root, "hex");
  const [seed] = loadSigningKeys({ dataDir, signingKeys: {} } as Config).log;
  if (seed === undefined) throw new Error("There is no key");
  const origin = "approvals.example.com/log";
  const head = join(dataDir, "head.txt");
  const write = (size: number, of = root, by = seed) =>
    writeFileSync(head, signNote(checkpointText({ origin, size, root: of }), origin, [by]));

  write(2);
  expect((await verify("--head", head)).code).toBe(0);
  // As a mail has it, indented and with words around it.
  const lines = readFileSync(head, "utf8").split("\n");
  writeFileSync(
    head,
    ["Head of the log", "", ...lines.map((line) => `  ${line}`), "", "Keep it"].join("\r\n"),
  );
  expect((await verify("--head", head)).code).toBe(0);
  write(2, Buffer.alloc(32));
  const rewritten = await verify("--head", head);
  expect(rewritten.code).toBe(1);
  expect(JSON.parse(rewritten.stdout).findings).toMatchObject([{ kind: "rewritten" }]);

  const other = Buffer.alloc(32, 5);
  write(2, root, other);
  expect(await verify("--head", head)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("signed by no key"),
  });
  expect((await verify("--head", head, "--key", verifierKey(origin, other))).code).toBe(0);
  writeFileSync(head, "nothing\n");
  expect(await verify("--head", head)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("has no head of a log"),
  });
  expect((await verify("--head", join(dataDir, "nowhere"))).code).toBe(2);
  expect((await verify("--key", "x")).code).toBe(2);
});

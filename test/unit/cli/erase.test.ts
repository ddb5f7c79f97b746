import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeValue } from "../../../src/durable/value.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { DatabaseSync } from "../../../src/engine/store/sqlite.ts";
import { evidenceTrail } from "../../../src/evidence/trail.ts";
import { countersignHere } from "../../support/cli.ts";
import { checkpointed, temporaryFolder, testServer } from "../../support/engine.ts";
import { create, latentTags, request, rootTags, settle } from "../../support/engine-requests.ts";
import { auditOf, eventsIn } from "../../support/event-log.ts";
import { LEDGER } from "../../support/ledger-engine.ts";

const kind = (name: string) => ({ "countersign:kind": name });
const LATER = Date.now() + 86_400_000;

function approval(id: string, title: string, email: string) {
  const asked = {
    title,
    details: [],
    approvers: [{ email }],
    require: "any",
    rejection: "veto",
    deadline: "P7D",
    onDeadline: "expire",
  };
  const terms = { startedAtMs: Date.now(), deadlineAtMs: LATER };
  const param = encodeValue({ func: "approval", args: [asked, terms], version: 2 });
  return request("promise.create", { id, timeoutAt: LATER, param, tags: rootTags(id, kind("approval")) });
}

const end = (id: string) => create(`${id}:0`, LATER, latentTags(`${id}:0`, id, kind("end")));

function ballot(id: string, email: string) {
  const param = encodeValue({
    kind: "ballot",
    approval: id,
    n: 1,
    approver: { email },
    recipient: "r1",
    gen: 0,
  });
  const tags = latentTags(`${id}:1`, id, kind("ballot"));
  return request("promise.create", { id: `${id}:1`, timeoutAt: LATER, param, tags });
}

/** Three approvals: two that Ana was asked in, one of which is open, and one of Bo. */
async function withApprovals() {
  const dataDir = temporaryFolder();
  const parts = { projection: LEDGER, trail: evidenceTrail() };
  const engine = openEngine({ dataDir, ...parts });
  for (const [id, title, email] of [
    ["po-1", "A secret of Ana", "ana@example.com"],
    ["po-2", "Still open", "ana@example.com"],
    ["po-3", "Of somebody else", "bo@example.com"],
  ] as const) {
    await engine.send(approval(id, title, email));
    await engine.send(end(id));
    await engine.send(ballot(id, email));
  }
  for (const id of ["po-1:1", "po-1:0", "po-1", "po-3:1", "po-3:0", "po-3"]) await engine.send(settle(id));
  await checkpointed(dataDir);
  return { dataDir, engine };
}

/** As base64 has it, wherever it begins. */
const secrets = [0, 1, 2].map((at) =>
  Buffer.from(`${" ".repeat(at)}A secret of Ana`)
    .toString("base64")
    .slice(4, -4),
);

describe("countersign erase", () => {
  it("lists what it would delete, and deletes nothing without --yes", async () => {
    const { dataDir, engine } = await withApprovals();
    const server = await testServer(engine);
    writeFileSync(join(dataDir, "engine.token"), "token");
    const env = { DATA_DIR: dataDir, ENGINE_PORT: String(server.port) };
    const preview = async (...words: string[]) => {
      const { code, stdout } = await countersignHere(["erase", ...words], env);
      return { code, ...JSON.parse(stdout) };
    };
    expect(await preview("ana@example.com", "po-9")).toEqual({
      code: 5,
      erased: [],
      wouldErase: ["po-1"],
      stillOpen: ["po-2"],
      unknown: ["po-9"],
    });
    await server.close();
    await engine.close();
    const po1 = { code: 0, erased: [], wouldErase: ["po-1"], stillOpen: [], unknown: [] };
    expect(await preview("po-1")).toEqual(po1);
    expect(await preview("po-1", "po-9")).toEqual({ ...po1, code: 3, unknown: ["po-9"] });
    expect(auditOf(dataDir)).toMatchObject({ approvals: 3, erased: 0 });
  });

  it("says it in words on a terminal", async () => {
    const { dataDir, engine } = await withApprovals();
    const server = await testServer(engine);
    writeFileSync(join(dataDir, "engine.token"), "token");
    const env = { DATA_DIR: dataDir, ENGINE_PORT: String(server.port) };
    const say = async (...words: string[]) =>
      (await countersignHere(["erase", ...words], env, { isTerminal: true })).stdout;
    expect(await say("ana@example.com", "po-9")).toBe(
      [
        "  po-1  A secret of Ana",
        "Nothing was deleted: say --yes to delete this one",
        "po-2 is still open, and would not be deleted",
        "There is no po-9",
        "",
      ].join("\n"),
    );
    expect(await say("po-1", "po-2", "--yes")).toBe(
      [
        "1 is deleted",
        "po-2 is still open, and was not deleted",
        "Earlier copies may be left in free places of engine.db: stop the service, and run countersign erase --compact",
        "",
      ].join("\n"),
    );
  });

  it.each(["a running engine", "a folder"])(
    "deletes what a person was asked, in %s, and the log still verifies",
    async (where) => {
      const { dataDir, engine } = await withApprovals();
      const server = await testServer(engine);
      writeFileSync(join(dataDir, "engine.token"), "token");
      const env = { DATA_DIR: dataDir, ENGINE_PORT: String(server.port) };
      const before = where === "a folder" ? ["po-1"] : ["ana@example.com"];
      if (where === "a folder") {
        await server.close();
        await engine.close();
      }
      const said = await countersignHere(["erase", ...before, "po-9", "--yes"], env);
      await server.close();
      await engine.close();
      const isByAddress = where !== "a folder";
      expect(said.code).toBe(isByAddress ? 5 : 3);
      expect(JSON.parse(said.stdout)).toEqual({
        erased: ["po-1"],
        stillOpen: isByAddress ? ["po-2"] : [],
        unknown: ["po-9"],
        // An engine that runs would have to stop answering.
        compacted: where === "a folder",
      });
      // Its events are there, and say nothing.
      expect(auditOf(dataDir)).toMatchObject({ approvals: 2, erased: 1, count: 0 });
      expect(eventsIn(dataDir).filter((event) => event.startsWith("1 "))).toEqual([
        "1 1 approval.created",
        "1 2 ballot.created :1",
        "1 3 ballot.settled :1",
        "1 4 end.settled :0",
        "1 5 approval.settled",
        "1 6 approval.erased",
      ]);
      const file = readFileSync(join(dataDir, "engine.db"), "latin1");
      expect(secrets.some((text) => file.includes(text))).toBe(false);
      const record = readFileSync(
        join(dataDir, "audit", `${new Date().toISOString().slice(0, 10)}.jsonl`),
        "utf8",
      );
      expect(record).toContain('"what":"erase","about":"po-1"');
      expect(record).not.toContain("ana@example.com");
    },
  );

  it("writes the file again, when no engine runs", async () => {
    const { dataDir, engine } = await withApprovals();
    await testServer(engine);
    expect(await engine.erase("po-1")).toMatchObject({ state: "done" });
    const compact = () => countersignHere(["erase", "--compact"], { DATA_DIR: dataDir });
    expect(await compact()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Cannot write engine.db again while an engine runs: stop the service"),
    });
    await engine.close();
    // Whoever reads the file now may read what it had.
    const reader = new DatabaseSync(join(dataDir, "engine.db"), { readOnly: true });
    reader.exec("BEGIN; SELECT count(*) FROM promises");
    expect(await compact()).toMatchObject({ code: 4, stderr: expect.stringContaining("something reads it") });
    reader.close();
    expect(await compact()).toMatchObject({ code: 0, stdout: expect.stringContaining('"compacted": true') });
    expect(auditOf(dataDir)).toMatchObject({ approvals: 2, erased: 1, count: 0 });
    expect(await countersignHere(["erase", "--compact", "po-3"], { DATA_DIR: dataDir })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--compact goes with nothing else"),
    });
  });

  it("says what is missing", async () => {
    expect(await countersignHere(["erase"], { DATA_DIR: temporaryFolder() })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Say which approvals, or whose"),
    });
  });
});

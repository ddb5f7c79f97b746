import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { run } from "../../../src/cli/main.ts";
import { encodeValue } from "../../../src/durable/value.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { request } from "../../support/engine-requests.ts";
import { LEDGER } from "../../support/ledger-engine.ts";
import { randomFrom } from "../../support/seeds.ts";
import { syntheticApprovals } from "../../support/synthetic-approvals.ts";

/** With the last word `on a terminal`, people read what it prints. */
async function countersign(env: NodeJS.ProcessEnv, ...words: string[]) {
  const isTerminal = words.at(-1) === "on a terminal";
  const args = isTerminal ? words.slice(0, -1) : words;
  let out = "";
  let err = "";
  const io = {
    env,
    isTerminal,
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
  };
  const code = await run(args, io);
  return { code, out, err };
}

const FOREIGN = String(encodeValue({ foreign: true }).data);

async function filled(dataDir: string): Promise<Engine> {
  const engine = openEngine({ dataDir, projection: LEDGER });
  const next = syntheticApprovals(randomFrom(5), Date.now());
  for (let i = 0; i < 150; i += 1) {
    const envelope = next();
    // Nothing that doctor has something to say of.
    if (!JSON.stringify(envelope).includes(FOREIGN)) await engine.send(envelope);
  }
  return engine;
}

function alter(dataDir: string, sql: string): void {
  const db = new DatabaseSync(join(dataDir, "engine.db"));
  db.exec(sql);
  db.close();
}

describe("countersign", () => {
  it("approvals list, export and history ask the engine of the settings", async () => {
    const dataDir = temporaryFolder();
    const engine = await filled(dataDir);
    writeFileSync(join(dataDir, "engine.token"), "token");
    const server = await serveEngine(engine, { port: 0, token: "token" });
    const env = { DATA_DIR: dataDir, ENGINE_PORT: String(server.port) };
    try {
      const listed = await countersign(
        env,
        "approvals",
        "list",
        "--status",
        "pending",
        "--limit",
        "2",
        "--total",
      );
      expect(listed.code, listed.err).toBe(0);
      const page = JSON.parse(listed.out) as { items: { id: string }[]; total: { count: number } };
      expect(page.items).toHaveLength(2);
      const all = await countersign(env, "approvals", "export", "--status", "pending", "--format", "jsonl");
      expect(all.out.trim().split("\n")).toHaveLength(page.total.count);
      const told = await countersign(env, "approvals", "history", page.items[0]?.id ?? "");
      expect(JSON.parse(told.out)).toMatchObject({ id: page.items[0]?.id, events: [{ type: "requested" }] });
      expect(await countersign(env, "approvals", "history", "nobody")).toMatchObject({ code: 3 });
      expect(await countersign(env, "approvals", "list", "--waiting-for", "ana")).toMatchObject({
        code: 2,
        err: expect.stringContaining("--waiting-for must be one plain mail address"),
      });
      expect(await countersign(env, "approvals", "export")).toMatchObject({ code: 2 });
      // While the engine runs, it makes the index again itself.
      const rebuilt = await countersign(env, "index", "rebuild");
      expect(rebuilt, rebuilt.err).toMatchObject({ code: 0 });
    } finally {
      await server.close();
      await engine.close();
    }
  });

  it.each([
    [["--json", "list", "--limit", "101"], "--limit must be a whole number from 1 to 100"],
    [["--status", "open", "list"], "--status must be"],
    [["list", "--format", "csv"], "list takes no --format"],
    [["list", "--to", "dee@example.com"], "list takes no --to"],
    [["export", "--limit", "3", "--format", "csv"], "export takes no --limit"],
    [["export", "--format", "csv", "--json"], "export takes no --json: say --format jsonl"],
    [["history", "po-1", "--status", "pending"], "history takes no --status"],
    [["show", "po-1", "--reason", "x"], "show takes no --reason"],
    [["show", "po-1", "--total"], "show takes no --total"],
    [["remind", "po-1", "--ballot", "1", "--deadline", "P5D"], "remind takes no --deadline"],
    [["cancel", "po-1", "--status", "pending"], "cancel takes no --status"],
    [["lsit"], "Say what to do: list, export, history, show"],
    [[], "Say what to do: list, export, history, show"],
  ])("approvals %j is refused: %s", async (args, said) => {
    const refused = await countersign({ DATA_DIR: temporaryFolder() }, "approvals", ...args);
    expect(refused).toMatchObject({ code: 2, out: "", err: expect.stringContaining(said) });
  });

  it.each([
    ["absences", ["list", "--to", "dee@example.com"], "list takes no --to"],
    ["absences", ["remove", "absence-1", "--person", "ana@example.com"], "remove takes no --person"],
    ["keys", ["list", "--name", "billing"], "list takes no --name"],
    ["keys", ["revoke", "k", "--scope", "admin"], "revoke takes no --scope"],
    ["schedule", ["delete", "weekly", "--cron", "@weekly"], "delete takes no --cron"],
    ["schedule", ["list", "--func", "f"], "list takes no --func"],
    ["task", ["halt", "po-1", "--state", "halted"], "halt takes no --state"],
    ["callbacks", ["get", "c", "--status", "failed"], "get takes no --status"],
    ["webhooks", ["log", "--body", "f"], "log takes no --body"],
    ["webhooks", ["test", "stripe", "--limit", "3"], "test takes no --limit"],
  ])("%s %j is refused: %s", async (command, args, said) => {
    const refused = await countersign({ DATA_DIR: temporaryFolder() }, command, ...args);
    expect(refused).toMatchObject({ code: 2, out: "", err: expect.stringContaining(said) });
  });

  it("index rebuild says so where there is no index, and makes no engine's file", async () => {
    const dataDir = temporaryFolder();
    expect(await countersign({ DATA_DIR: dataDir, APPROVAL_INDEX: "off" }, "index", "rebuild")).toMatchObject(
      {
        code: 2,
        err: "countersign: There is no index to rebuild: APPROVAL_INDEX is off\n",
      },
    );
    for (const args of [
      ["index", "rebuild"],
      ["gc", "--older-than", "1d"],
    ]) {
      expect(await countersign({ DATA_DIR: dataDir }, ...args), args.join(" ")).toMatchObject({
        code: 4,
        err: `countersign: Cannot open the engine: there is no file ${join(dataDir, "engine.db")}\n`,
      });
    }
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("index rebuild says what is wrong with a file that is none of ours", async () => {
    const dataDir = temporaryFolder();
    writeFileSync(
      join(dataDir, "engine.db"),
      "no database at all, but long enough to be read as one".repeat(100),
    );
    expect(await countersign({ DATA_DIR: dataDir }, "index", "rebuild")).toMatchObject({
      code: 4,
      err: expect.stringContaining("is not a database"),
    });
  });

  it("doctor has no opinion on an index that is off, and never says that there are problems and none", async () => {
    const dataDir = temporaryFolder();
    await (await filled(dataDir)).close();
    const older = openEngine({ dataDir });
    await older.send(request("promise.create", { id: "x", timeoutAt: 1, param: {}, tags: {} }));
    await older.close();
    const said = (env: NodeJS.ProcessEnv) =>
      countersign({ DATA_DIR: dataDir, ...env }, "doctor", "on a terminal");
    const stale = await said({});
    expect(stale.out).toContain("NOTE  the index of approvals is out of date: a start makes it again");
    expect(stale).toMatchObject({ code: 0, out: expect.not.stringContaining("no problems") });
    const off = await said({ APPROVAL_INDEX: "off" });
    expect(off.out).toContain("index     none");
    expect(off).toMatchObject({ code: 0, out: expect.not.stringContaining("out of date") });
    expect(off.out).toContain("checks, no problems");
    await countersign({ DATA_DIR: dataDir }, "index", "rebuild");
    const whole = await said({});
    expect(whole.out).toMatch(/index {5}\d+ approvals compared/u);
    expect(whole.out).toContain("checks, no problems");
    alter(dataDir, "DELETE FROM ledger_terms WHERE n = (SELECT max(n) FROM ledger_entries)");
    const wrong = await said({});
    expect(wrong.out).toContain("ATTENTION  the index tells these approvals wrongly: po-");
    expect(wrong).toMatchObject({ code: 1, out: expect.not.stringContaining("no problems") });
  });

  it.each([
    [
      "a term too many",
      "INSERT INTO ledger_terms SELECT 'w:eve@example.com', created_at, n FROM ledger_entries LIMIT 1",
    ],
    [
      "a term under another key",
      "INSERT INTO ledger_terms SELECT '*', created_at + 1, n FROM ledger_entries LIMIT 1",
    ],
    [
      "another creator",
      "UPDATE ledger_entries SET creator = 'client:eve' WHERE n = (SELECT max(n) FROM ledger_entries)",
    ],
    [
      "another deadline",
      "UPDATE ledger_entries SET due_at = due_at + 1 WHERE n = (SELECT max(n) FROM ledger_entries)",
    ],
    ["terms of nothing", "INSERT INTO ledger_terms VALUES ('*', 1, 1000000)"],
    ["an entry of nothing", "INSERT INTO ledger_entries VALUES (1000000, 1, 1, NULL, '{}')"],
  ])("doctor finds %s", async (_, sql) => {
    const dataDir = temporaryFolder();
    await (await filled(dataDir)).close();
    alter(dataDir, sql);
    const { code, out } = await countersign({ DATA_DIR: dataDir }, "doctor");
    const { index } = JSON.parse(out) as { index: { wrong: string[] } };
    expect({ code, wrong: index.wrong.length }).toEqual({ code: 1, wrong: 1 });
  });

  it("doctor leaves out what the engine has yet to make", async () => {
    const dataDir = temporaryFolder();
    await (await filled(dataDir)).close();
    const looked = async () => {
      const { code, out } = await countersign({ DATA_DIR: dataDir }, "doctor");
      return { code, ...(JSON.parse(out) as { index: { compared: number; wrong: string[] } }).index };
    };
    const { compared } = await looked();
    alter(dataDir, "DELETE FROM ledger_terms WHERE n = (SELECT max(n) FROM ledger_entries)");
    expect(await looked()).toMatchObject({ code: 1, compared });
    alter(
      dataDir,
      "UPDATE projection SET put_off = (SELECT json_array(entry ->> 'id') FROM ledger_entries ORDER BY n DESC LIMIT 1)",
    );
    expect(await looked()).toMatchObject({ code: 0, compared: compared - 1, wrong: [] });
  });

  it("doctor finds an index that tells something else than the promises, and index rebuild mends it", async () => {
    const dataDir = temporaryFolder();
    await (await filled(dataDir)).close();
    const env = { DATA_DIR: dataDir };
    const checked = async () => {
      const { code, out } = await countersign(env, "doctor");
      return { code, index: (JSON.parse(out) as { index: unknown }).index };
    };
    expect(await checked()).toMatchObject({ index: { state: "whole", wrong: [] } });
    const db = new DatabaseSync(join(dataDir, "engine.db"));
    const [row] = db.prepare("SELECT n, entry FROM ledger_entries LIMIT 1").all();
    const { id } = JSON.parse(String(row?.["entry"])) as { id: string };
    db.exec(
      "UPDATE ledger_entries SET entry = replace(entry, 'title', 'Title') WHERE n = (SELECT min(n) FROM ledger_entries)",
    );
    db.exec("DELETE FROM ledger_terms WHERE n = (SELECT max(n) FROM ledger_entries)");
    db.close();
    const broken = await checked();
    expect(broken).toMatchObject({ code: 1, index: { state: "whole" } });
    expect((broken.index as { wrong: string[] }).wrong).toContain(id);
    expect(await countersign(env, "index", "rebuild")).toMatchObject({ code: 0 });
    expect(await checked()).toMatchObject({ index: { state: "whole", wrong: [] } });
  });
});

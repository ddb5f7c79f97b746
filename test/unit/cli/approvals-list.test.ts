import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { run } from "../../../src/cli/main.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { LEDGER } from "../../support/ledger-engine.ts";
import { randomFrom } from "../../support/seeds.ts";
import { syntheticApprovals } from "../../support/synthetic-approvals.ts";

async function countersign(env: NodeJS.ProcessEnv, ...args: string[]) {
  let out = "";
  let err = "";
  const io = {
    env,
    isTerminal: false,
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
  };
  const code = await run(args, io);
  return { code, out, err };
}

async function filled(dataDir: string): Promise<Engine> {
  const engine = openEngine({ dataDir, projection: LEDGER });
  const next = syntheticApprovals(randomFrom(5), Date.now());
  for (let i = 0; i < 150; i += 1) await engine.send(next());
  return engine;
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
  }, 60_000);

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
  }, 60_000);
});

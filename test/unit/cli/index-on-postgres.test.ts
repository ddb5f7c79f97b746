/** The command line on a server of another program, with the index in PostgreSQL. */
import { describe, expect, it } from "vitest";
import { operateIndex } from "../../../src/ledger/postgres/operate.ts";
import { SCHEMA_VERSION } from "../../../src/ledger/postgres/schema.ts";
import { countersignHere } from "../../support/cli.ts";
import { temporaryFolder, testEngine, testServer } from "../../support/engine.ts";
import { approvalsIn } from "../../support/ledger-engine.ts";
import { query, withPostgres } from "../../support/postgres.ts";
import { expectIndexRight } from "../../support/postgres-index.ts";
import { randomFrom } from "../../support/seeds.ts";
import { syntheticApprovals } from "../../support/synthetic-approvals.ts";

const postgres = withPostgres();

describe("countersign with INDEX_URL", () => {
  it("makes the index, lists from it, feeds it, and finds what is wrong with it", async () => {
    const engine = testEngine();
    const next = syntheticApprovals(randomFrom(5), Date.now());
    for (let i = 0; i < 150; i += 1) await engine.send(next());
    const server = await testServer(engine);
    const url = await postgres.newDatabase();
    const env = {
      DATA_DIR: temporaryFolder(),
      RESONATE_URL: server.url,
      RESONATE_TOKEN: "token",
      INDEX_URL: url,
    };
    const countersign = (...args: string[]) => countersignHere(args, env);

    expect(await countersign("doctor")).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('"empty"'),
    });
    expect(JSON.parse((await countersign("index", "migrate")).stdout)).toEqual({
      from: 0,
      to: SCHEMA_VERSION,
    });
    expect(await countersign("approvals", "list")).toMatchObject({
      code: 4,
      stderr: "countersign: Cannot list approvals: the index is being made, 0 approvals are in it\n",
    });
    expect(await countersign("index", "rebuild")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"rebuilt": true'),
    });
    await expectIndexRight(engine, url);
    const pending = (await approvalsIn(engine)).filter(({ entry }) => entry.status === "pending");
    const exported = await countersign("approvals", "export", "--status", "pending", "--format", "jsonl");
    expect(exported.stdout.trim().split("\n")).toHaveLength(pending.length);

    const id = pending.find(({ entry }) => entry.waitingFor.length > 0)?.entry.id ?? "";
    const cancelled = await countersign("approvals", "cancel", id);
    // No worker runs that would act on it.
    expect(cancelled.code, cancelled.stderr).toBe(5);
    await expectIndexRight(engine, url);
    expect(await query(url, "SELECT * FROM ledger_marks")).toEqual([]);

    expect(await countersign("doctor")).toMatchObject({ code: 0 });
    await query(url, "UPDATE ledger_entries SET entry = replace(entry, 'Order', 'Odrer')");
    await query(url, "INSERT INTO ledger_marks VALUES ('x', 'y', now() - interval '1 hour')");
    const found = await countersign("doctor");
    expect(found.code).toBe(1);
    expect(JSON.parse(found.stdout)).toMatchObject({ state: "whole", marks: { number: 1 } });
    expect((JSON.parse(found.stdout) as { wrong: string[] }).wrong).not.toEqual([]);
    await query(url, "INSERT INTO ledger_migrations (version) VALUES (99)");
    expect(await countersign("index", "rebuild")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("a newer version of Countersign has made its tables (version 99"),
    });
  });

  it("says what is wrong with the database, without its password", async () => {
    const engine = testEngine();
    const server = await testServer(engine);
    const url = new URL(await postgres.newDatabase());
    url.pathname = "/nobody";
    url.password = "hush";
    const env = { DATA_DIR: temporaryFolder(), RESONATE_URL: server.url, RESONATE_TOKEN: "token" };
    const missing = await countersignHere(["index", "rebuild"], { ...env, INDEX_URL: url.href });
    expect(missing).toMatchObject({
      code: 4,
      stderr:
        'countersign: Cannot use the database of INDEX_URL: database "nobody" does not exist (SQLSTATE 3D000)\n',
    });
    const off = await countersignHere(["index", "migrate"], env);
    expect(off).toMatchObject({ code: 2, stderr: expect.stringContaining("INDEX_URL is not set") });
    const refused = operateIndex({
      url: "postgres://test:hush@127.0.0.1:1/nobody",
      network: engine.network({ group: "cli" }),
      name: "cli",
    });
    await expect(refused.rebuild()).rejects.toMatchObject({
      code: "INDEX_UNAVAILABLE",
      message: "Cannot use the database of INDEX_URL: connect ECONNREFUSED 127.0.0.1:1",
    });
    await refused.close();
  });
});

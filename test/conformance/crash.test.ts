import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import type { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openDatabase } from "../../src/engine/database.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { ask, temporaryFolder, testEngine } from "../support/engine.ts";
import { brokenInvariants } from "../support/engine-invariants.ts";
import { acquire, request, settle } from "../support/engine-requests.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { randomFrom, seeds } from "../support/seeds.ts";

/** `CRASHES=1000 npx vitest run test/conformance/crash` for more. */
const CRASHES = Number(process.env["CRASHES"] ?? 100);
const VICTIM = fileURLToPath(new URL("../support/engine-under-load.ts", import.meta.url));

/** What the file must show for a step that was acknowledged. Rows that came later in a promise's life are fine. */
const PROOFS: Record<string, string> = {
  created: "SELECT 1 FROM promises WHERE id = $id",
  acquired: "SELECT 1 FROM tasks WHERE id = $id AND version >= 1",
  fenced: "SELECT 1 FROM promises WHERE id = $id || ':0'",
  suspended: "SELECT 1 FROM tasks WHERE id = $id AND (state = 'suspended' OR resumes > 0 OR version = 2)",
  decided: "SELECT 1 FROM promises WHERE id = $id || ':0' AND state = 'resolved' AND value_data = $value",
  resumed: "SELECT 1 FROM tasks WHERE id = $id AND version = 2",
  ended: "SELECT 1 FROM promises WHERE id = $id AND state = 'resolved'",
};

/** Runs the victim until it has said so much, kills it, and answers what it said. */
async function crash(dataDir: string, life: string, enough: number, manner = ""): Promise<string[]> {
  const victim = spawn(execPath, [VICTIM, dataDir, life, manner], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(victim, "exit");
  const said: string[] = [];
  for await (const line of createInterface(victim.stdout)) {
    said.push(line);
    if (said.length === enough) victim.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return said;
}

/** Lines of steps that the file does not show. */
function lostIn(db: DatabaseSync, said: readonly string[]): string[] {
  const proofs = Object.fromEntries(Object.entries(PROOFS).map(([step, sql]) => [step, db.prepare(sql)]));
  return said.filter((line) => {
    const [id = "", step = ""] = line.split(" ");
    const value = step === "decided" ? { value: Buffer.from(id).toString("base64") } : {};
    return proofs[step]?.get({ id, ...value }) === undefined;
  });
}

const [seed = 0] = seeds(1);

test(`after kill -9 under load everything acknowledged is there, ${CRASHES} times over (SEEDS=${seed})`, async () => {
  const random = randomFrom(seed);
  const dataDir = temporaryFolder();
  const file = join(dataDir, "engine.db");
  const said: string[] = [];
  for (let life = 0; life < CRASHES; life += 1) {
    // Any number: the kill is to fall anywhere within a transaction.
    const lines = await crash(dataDir, `${life}`, 1 + random.below(400));
    said.push(...lines);
    const db = openDatabase(file);
    expect(lostIn(db, lines), `seed ${seed}, life ${life}`).toEqual([]);
    // Whole or not at all: half of a transaction would break one of these.
    if (life % 10 === 9 || life === CRASHES - 1) expect(brokenInvariants(db)).toEqual({});
    db.close();
  }
  const db = openDatabase(file);
  expect(lostIn(db, said)).toEqual([]);
  expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  db.close();
  await endAll(dataDir);
}, 120_000);

test("the loop of crashes finds an engine that answers before it has written", async () => {
  const dataDir = temporaryFolder();
  const lost: string[] = [];
  for (let life = 0; life < 5 && lost.length === 0; life += 1) {
    const lines = await crash(dataDir, `${life}`, 200, "early");
    const db = openDatabase(join(dataDir, "engine.db"));
    lost.push(...lostIn(db, lines));
    db.close();
  }
  expect(lost).not.toEqual([]);
}, 60_000);

/** The engine takes the folder over where the last one left it, and every workflow can be brought to its end. */
async function endAll(dataDir: string): Promise<void> {
  // Leases of the dead have run out by then.
  const clock = new FakeClock(Date.now() + 60_000);
  const engine = testEngine({ dataDir, clock });
  await clock.advance(1_000);
  for (const state of ["suspended", "pending"]) {
    for (let cursor: unknown = ""; cursor !== undefined; ) {
      const query = { state, limit: 1000, ...(cursor !== "" && { cursor }) };
      const { data } = await ask(engine, request("task.search", query));
      const tasks = data["tasks"] as { id: string; version: number }[];
      await Promise.all(tasks.map((task) => end(engine, state, task)));
      cursor = data["cursor"];
    }
  }
  await engine.close();
  const db = openDatabase(join(dataDir, "engine.db"));
  expect(db.prepare("SELECT id, state FROM tasks WHERE state <> 'fulfilled' LIMIT 9").all()).toEqual([]);
  expect(brokenInvariants(db)).toEqual({});
  db.close();
}

async function end(
  engine: Engine,
  state: string,
  { id, version }: { id: string; version: number },
): Promise<void> {
  if (state === "suspended") return void (await ask(engine, settle(`${id}:0`)));
  expect((await ask(engine, acquire(id, version))).status).toBe(200);
  const action = settle(id);
  expect((await ask(engine, request("task.fulfill", { id, version: version + 1, action }))).status).toBe(200);
}

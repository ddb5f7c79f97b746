import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { journalFileOf } from "../../src/engine/store/journal.ts";
import { evidenceTrail } from "../../src/evidence/trail.ts";
import { COMPILE_CACHE } from "../support/compile-cache.ts";
import { ask, temporaryFolder, testEngine } from "../support/engine.ts";
import { openLeftBehind } from "../support/engine-file.ts";
import { brokenInvariants } from "../support/engine-invariants.ts";
import { lostIn } from "../support/engine-proofs.ts";
import { acquire, request, settle } from "../support/engine-requests.ts";
import { auditOf } from "../support/event-log.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { randomFrom, seeds } from "../support/seeds.ts";

/**
 * `CRASHES=1000 npx vitest run --project unit test/conformance/crash` for more. The faulty engines below are found within
 * ten.
 */
const CRASHES = Number(process.env["CRASHES"] ?? 50);
/** Lives of one data folder: few enough that all of it is looked at after each. */
const LIVES = 25;
const VICTIM = fileURLToPath(new URL("../support/engine-under-load.ts", import.meta.url));

type Victim = ChildProcessByStdio<Writable, Readable, null>;

function victim(dataDir: string, life: string, manner = ""): Victim {
  const child = spawn(execPath, [VICTIM, dataDir, life, manner], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  // One that is not needed any more is sent away.
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Lets the victim run until it has said so much, kills it, and answers what it said. */
async function crash(child: Victim, enough: number): Promise<string[]> {
  const exited = once(child, "exit");
  const said: string[] = [];
  child.stdin.write("go");
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (said.length === enough) child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return said;
}

const [seed = 0] = seeds(1);

test(`after kill -9 under load everything acknowledged is there, ${CRASHES} times over (SEEDS=${seed})`, async () => {
  const random = randomFrom(seed);
  let acknowledged = 0;
  for (let done = 0; done < CRASHES; done += LIVES) {
    const dataDir = temporaryFolder();
    const lives = Math.min(LIVES, CRASHES - done);
    const said: string[] = [];
    let next = victim(dataDir, "0");
    for (let life = 0; life < lives; life += 1) {
      const current = next;
      // While this one runs the next one loads its code.
      next = victim(dataDir, `${life + 1}`);
      // Any number: the kill is to fall anywhere within a transaction.
      said.push(...(await crash(current, 1 + random.below(400))));
      expectSound(dataDir, said, `seed ${seed}, life ${done + life}`);
    }
    next.kill("SIGKILL");
    await endAll(dataDir);
    acknowledged += said.length;
  }
  console.log(
    `${CRASHES} kill -9 (SEEDS=${seed}), ${acknowledged} acknowledged changes, none lost, none in part`,
  );
});

/** All that was said is there, and whatever was not is there wholly or not at all: a half would break an invariant. */
function expectSound(dataDir: string, said: readonly string[], when: string): void {
  const db = openLeftBehind(dataDir);
  expect(lostIn(db, said), when).toEqual([]);
  expect(brokenInvariants(db), when).toEqual({});
  expect(db.prepare("PRAGMA quick_check").get(), when).toEqual({ quick_check: "ok" });
  db.close();
}

test("the loop of crashes finds an engine that answers before it has written", async () => {
  const dataDir = temporaryFolder();
  const lost: string[] = [];
  for (let life = 0; life < 5 && lost.length === 0; life += 1) {
    const lines = await crash(victim(dataDir, `${life}`, "early"), 200);
    const db = openLeftBehind(dataDir);
    lost.push(...lostIn(db, lines));
    db.close();
  }
  expect(lost).not.toEqual([]);
});

test("the loop of crashes finds an engine that has lost its journal", async () => {
  const dataDir = temporaryFolder();
  const lost: string[] = [];
  // Now and then everything is in the database already.
  for (let life = 0; life < 10 && lost.length === 0; life += 1) {
    const lines = await crash(victim(dataDir, `${life}`), 200);
    rmSync(journalFileOf(join(dataDir, "engine.db")));
    const db = openLeftBehind(dataDir);
    lost.push(...lostIn(db, lines));
    db.close();
  }
  expect(lost).not.toEqual([]);
});

/** The engine takes the folder over where the last one left it, and every workflow can be brought to its end. */
async function endAll(dataDir: string): Promise<void> {
  // Leases of the dead, of an hour each, have run out by then.
  const clock = new FakeClock(Date.now() + 2 * 3_600_000);
  const engine = testEngine({ dataDir, clock, trail: evidenceTrail() });
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
  // Each change has its event once: of those that were replayed, too.
  expect(auditOf(dataDir)).toMatchObject({ findings: [], gaps: 0, unlogged: 0 });
  const db = openLeftBehind(dataDir);
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

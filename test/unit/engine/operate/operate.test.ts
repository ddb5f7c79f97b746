import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { backUp } from "../../../../src/engine/operate/backup.ts";
import { examine } from "../../../../src/engine/operate/doctor.ts";
import { INVARIANTS } from "../../../../src/engine/operate/invariants.ts";
import { operateEngine } from "../../../../src/engine/operate/operate.ts";
import { openDatabase } from "../../../../src/engine/store/database.ts";
import { ask, checkpointed, temporaryFolder, testEngine, testServer } from "../../../support/engine.ts";
import {
  acquire,
  create,
  latentTags,
  request,
  rootTags,
  settle,
  suspend,
} from "../../../support/engine-requests.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const DAY = 86_400_000;

test("backUp() of a running engine under load is whole, private and what was acknowledged", async () => {
  const dataDir = temporaryFolder();
  const engine = testEngine({ dataDir });
  const stop = new AbortController();
  const acknowledged: string[] = [];
  const load = (async () => {
    for (let n = 0; !stop.signal.aborted; n += 1) {
      await ask(engine, create(`a${n}`, Date.now() + DAY, rootTags(`a${n}`)));
      acknowledged.push(`a${n}`);
    }
  })();
  while (acknowledged.length < 50) await new Promise((resolve) => setImmediate(resolve));
  const before = [...acknowledged];
  const { file, bytes } = backUp(join(dataDir, "engine.db"), join(dataDir, "copy.db"));
  stop.abort();
  await load;
  expect([statSync(file).mode & 0o777, statSync(file).size]).toEqual([0o600, bytes]);
  const restored = testEngine({ file });
  for (const id of before) {
    expect((await ask(restored, request("promise.get", { id }))).status, id).toBe(200);
  }
  await restored.close();
  expect(examine(file, Date.now()).findings).toEqual([]);
});

test("examine() has nothing to say of a backup that was restored, before the engine has opened it and after", async () => {
  const dataDir = temporaryFolder();
  const engine = testEngine({ dataDir });
  await ask(engine, create("a", Date.now() + DAY, rootTags("a")));
  const restored = join(temporaryFolder(), "engine.db");
  backUp(join(dataDir, "engine.db"), restored);
  await engine.close();
  const before = examine(restored, Date.now());
  expect(before).toMatchObject({ isRunning: false, promises: { pending: 1 }, findings: [] });
  const again = testEngine({ file: restored });
  expect(examine(restored, Date.now())).toMatchObject({ isRunning: true, findings: [] });
  await again.close();
});

test("backUp() replaces nothing, and leaves nothing behind when it fails", () => {
  const dataDir = temporaryFolder();
  const file = join(dataDir, "engine.db");
  expect(() => backUp(file, join(dataDir, "copy.db"))).toThrow(`there is no file ${file}`);
  openDatabase(file).close();
  const taken = join(dataDir, "taken");
  writeFileSync(taken, "mine");
  expect(() => backUp(file, taken)).toThrow("it exists, and a backup never overwrites a file");
  expect(statSync(taken).size).toBe(4);
  const damaged = join(dataDir, "damaged.db");
  writeFileSync(damaged, "no database at all, but long enough to be read as one".repeat(100));
  expect(() => backUp(damaged, join(dataDir, "copy.db"))).toThrow("not a database");
  expect(() => statSync(join(dataDir, "copy.db.partial"))).toThrow("ENOENT");
});

test("examine() has nothing to say of a busy, sound engine, and asks at least 25 invariants", async () => {
  const dataDir = temporaryFolder();
  const engine = testEngine({ dataDir });
  await ask(engine, create("a", Date.now() + DAY, rootTags("a")));
  await ask(engine, acquire("a", 0));
  const action = create("a:0", Date.now() + DAY, latentTags("a:0", "a"));
  await ask(engine, request("task.fence", { id: "a", version: 1, action }));
  await ask(engine, suspend("a", 1, ["a:0"]));
  await checkpointed(dataDir);
  const found = examine(join(dataDir, "engine.db"), Date.now());
  expect(found).toMatchObject({
    isRunning: true,
    promises: { pending: 2 },
    tasks: { suspended: 1 },
    findings: [],
  });
  expect(Object.keys(INVARIANTS).length).toBeGreaterThanOrEqual(25);
  await engine.close();
  expect(examine(join(dataDir, "engine.db"), Date.now())).toMatchObject({ isRunning: false, findings: [] });
});

test("examine() names halted workflows, release storms and what is stuck", async () => {
  const dataDir = temporaryFolder();
  const clock = new FakeClock(Date.now());
  const engine = testEngine({ dataDir, clock });
  for (const id of ["poison", "storm", "late"])
    await ask(engine, create(id, clock.now() + DAY, rootTags(id)));
  for (let version = 0; version < 50; version += 1) {
    for (const id of version < 6 ? ["poison", "storm"] : ["poison"]) {
      await ask(engine, acquire(id, version));
      await ask(engine, request("task.release", { id, version: version + 1 }));
    }
  }
  await checkpointed(dataDir);
  // The clock of the engine stands still, while that of the examination goes on.
  expect(examine(join(dataDir, "engine.db"), clock.now() + 3_600_000).findings).toEqual([
    { level: "attention", what: expect.stringContaining("halted"), ids: ["poison"] },
    { level: "attention", what: expect.stringContaining("again and again"), ids: ["storm"] },
    { level: "attention", what: expect.stringContaining("stuck"), ids: ["storm", "late"] },
  ]);
});

const BREAKS: readonly [string, string][] = [
  ["is settled exactly when", "UPDATE promises SET settled_at = NULL WHERE id = 'done'"],
  ["exactly when it has a target", "DELETE FROM tasks WHERE id = 'live'"],
  ["fulfilled exactly when", "UPDATE tasks SET state = 'pending', due_at = 1 WHERE id = 'done'"],
  ["has a holder", "UPDATE tasks SET pid = NULL WHERE state = 'acquired'"],
  ["in a state that there is", "UPDATE promises SET state = 'lost' WHERE id = 'done'"],
  ["within the origin", `UPDATE promises SET tags = '{"resonate:origin":"x"}' WHERE id = 'plain'`],
  ["head of its tree", "UPDATE promises SET head = 0 WHERE id = 'plain'"],
  ["next time lies behind", "UPDATE schedules SET last_run_at = next_run_at"],
];

test.each(BREAKS)("examine() sees that it is not so: %s", async (what, sql) => {
  const dataDir = temporaryFolder();
  const engine = testEngine({ dataDir });
  for (const id of ["live", "done"]) await ask(engine, create(id, Date.now() + DAY, rootTags(id)));
  await ask(engine, settle("done"));
  await ask(engine, acquire("live", 0));
  await ask(engine, create("plain", Date.now() + DAY));
  const tags = { "resonate:target": "poll://any@worker" };
  await ask(
    engine,
    request("schedule.create", {
      id: "s",
      cron: "@daily",
      promiseId: "{{.id}}",
      promiseTimeout: 1,
      promiseTags: tags,
    }),
  );
  await engine.close();
  const file = join(dataDir, "engine.db");
  expect(examine(file, Date.now()).findings).toEqual([]);
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
  const broken = examine(file, Date.now()).findings.filter(({ level }) => level === "broken");
  expect(broken.map((finding) => finding.what).join("; ")).toContain(what);
});

test("operateEngine().collect() asks the running engine, and else opens one", async () => {
  const dataDir = temporaryFolder();
  const engine = testEngine({ dataDir });
  const { url } = await testServer(engine);
  const operate = (token?: string) => operateEngine({ dataDir, url, token });
  for (const id of ["a", "b"]) await ask(engine, create(id, Date.now() + DAY, rootTags(id)));
  await ask(engine, settle("a"));
  await new Promise((resolve) => setTimeout(resolve, 2));
  await expect(operate("wrong").collect(0)).rejects.toThrow("answered 401");
  expect(await operate("token").collect(DAY)).toEqual({ promises: 0 });
  expect(await operate("token").collect(0)).toEqual({ promises: 1 });
  await ask(engine, settle("b"));
  await engine.close();
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(await operate().collect(0)).toEqual({ promises: 1 });
});

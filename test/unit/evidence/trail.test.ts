/** The log of events tells each change of an approval once, whatever happens to the engine. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEngine } from "../../../src/engine/engine.ts";
import { backUp } from "../../../src/engine/operate/backup.ts";
import { look } from "../../../src/engine/operate/walk.ts";
import { DatabaseSync } from "../../../src/engine/store/sqlite.ts";
import { evidenceTrail } from "../../../src/evidence/trail.ts";
import { checkpointed, temporaryFolder, testEngine } from "../../support/engine.ts";
import { create, latentTags, request, rootTags, settle } from "../../support/engine-requests.ts";
import { auditOf, eventsIn } from "../../support/event-log.ts";
import { untilPasses } from "../../support/eventually.ts";
import { randomFrom, seeds } from "../../support/seeds.ts";
import { syntheticApprovals } from "../../support/synthetic-approvals.ts";

const LATER = Date.now() + 86_400_000;
const trail = evidenceTrail();
const sound = { count: 0, findings: [], unlogged: 0 };

const kind = (name: string) => ({ "countersign:kind": name });
const approval = (id: string) => create(id, LATER, rootTags(id, kind("approval")));
const part = (id: string, name: string, timeoutAt = LATER) =>
  create(id, timeoutAt, latentTags(id, id.split(/[:.](?=\d+$)/u)[0] ?? id, kind(name)));

/** The time of the last event. */
const auditedAt = (dataDir: string) =>
  look(join(dataDir, "engine.db"), (file) =>
    Number([...file.rows("SELECT max(at) FROM log_events")][0]?.[0]),
  );

describe("the log of events", () => {
  it("has each event of an approval once, in order, and nothing else", async () => {
    const dataDir = temporaryFolder();
    const engine = openEngine({ dataDir, trail });
    for (const sent of [
      approval("po"),
      approval("po"),
      part("po:0", "end"),
      part("po:1", "ballot"),
      create("other", LATER, rootTags("other")),
      part("other:0", "alarm"),
      settle("po:1"),
      settle("po:1"),
      settle("po:0"),
      settle("po"),
      settle("other"),
    ]) {
      await engine.send(sent);
    }
    await engine.close();
    expect(eventsIn(dataDir)).toEqual([
      "1 1 approval.created",
      "1 2 ballot.created :1",
      "1 3 ballot.settled :1",
      "1 4 end.settled :0",
      "1 5 approval.settled",
    ]);
    expect(auditOf(dataDir)).toMatchObject({ ...sound, size: 5, approvals: 1, erased: 0, gaps: 0 });
  });

  it("tells what the clock did, and approvals within other workflows", async () => {
    const dataDir = temporaryFolder();
    let now = Date.now();
    const engine = openEngine({ dataDir, trail, clock: { now: () => now, after: () => () => undefined } });
    await engine.send(create("buy.1", LATER, rootTags("buy.1")));
    await engine.send(create("buy.1:2", LATER, latentTags("buy.1:2", "buy.1", kind("approval"))));
    await engine.send(part("buy.1:2.1", "ballot", now + 1_000));
    now += 5_000;
    await engine.send(request("promise.get", { id: "buy.1:2.1" }));
    await engine.close();
    expect(eventsIn(dataDir)).toEqual([
      "1 1 approval.created",
      "1 2 ballot.created .1",
      "1 3 ballot.lapsed .1",
    ]);
    expect(auditOf(dataDir)).toMatchObject(sound);
  });

  it.each(seeds(2))(
    "is whole after a crash at any request, and says nothing twice (seed %i)",
    async (seed) => {
      const random = randomFrom(seed);
      const dataDir = temporaryFolder();
      const engine = testEngine({ dataDir, trail });
      const next = syntheticApprovals(random, Date.now());
      for (let i = 0; i < 30; i += 1) {
        for (let j = 0; j <= random.below(6); j += 1) await engine.send(next());
        if (random.chance(0.2)) await checkpointed(dataDir);
        // What `kill -9` leaves: the files as they are, at some moment between two checkpoints.
        const left = join(temporaryFolder(), "left");
        cpSync(dataDir, left, { recursive: true });
        const found = openEngine({ dataDir: left, trail });
        await found.close();
        expect(auditOf(left)).toMatchObject({ ...sound, gaps: 0 });
        expect(eventsIn(left).slice(0, eventsIn(dataDir).length)).toEqual(eventsIn(dataDir));
      }
      await engine.close();
      expect(auditOf(dataDir)).toMatchObject({ ...sound, gaps: 0 });
      expect(auditOf(dataDir).size).toBeGreaterThan(30);
    },
  );

  it("comes along with a backup that is made while the engine runs", async () => {
    const dataDir = temporaryFolder();
    const engine = testEngine({ dataDir, trail });
    const next = syntheticApprovals(randomFrom(3), Date.now());
    for (let i = 0; i < 100; i += 1) await engine.send(next());
    const copy = temporaryFolder();
    backUp(join(dataDir, "engine.db"), join(copy, "engine.db"), { trail });
    expect(auditOf(copy)).toMatchObject({ ...sound, gaps: 0 });
    await engine.close();
    expect(eventsIn(copy)).toEqual(eventsIn(dataDir));
  });

  it("begins chains of older approvals when it first sees them, and says so", async () => {
    const dataDir = temporaryFolder();
    const before = openEngine({ dataDir });
    for (const sent of [approval("po"), part("po:1", "ballot"), part("po:2", "ballot"), settle("po:1")]) {
      await before.send(sent);
    }
    await before.close();
    const engine = openEngine({ dataDir, trail });
    await engine.send(settle("po:2"));
    await engine.send(approval("new"));
    await engine.close();
    expect(eventsIn(dataDir)).toEqual([
      "0 1 log.gap",
      "1 1 approval.found",
      "1 2 ballot.settled :2",
      "2 1 approval.created",
    ]);
    expect(auditOf(dataDir)).toMatchObject({ count: 0, unlogged: 4, gaps: 1 });
  });

  it("says that events are missing after a time without it", async () => {
    const dataDir = temporaryFolder();
    const first = openEngine({ dataDir, trail });
    for (const sent of [approval("po"), part("po:1", "ballot")]) await first.send(sent);
    await first.close();
    const without = openEngine({ dataDir });
    await without.send(settle("po:1"));
    await without.close();
    const again = openEngine({ dataDir, trail });
    await again.send(settle("po"));
    await again.close();
    expect(eventsIn(dataDir).slice(2)).toEqual(["0 1 log.gap", "1 3 approval.settled"]);
    expect(auditOf(dataDir)).toMatchObject({ count: 0, unlogged: 1, gaps: 1 });
  });

  it("keeps the events of deleted approvals, and says that they were deleted", async () => {
    const dataDir = temporaryFolder();
    let now = Date.now();
    const clock = { now: () => now, after: () => () => undefined };
    const engine = openEngine({ dataDir, trail: evidenceTrail(() => now), clock });
    const next = syntheticApprovals(randomFrom(2), now);
    for (let i = 0; i < 300; i += 1) await engine.send(next());
    now += 500 * 86_400_000;
    await engine.send(request("promise.get", { id: "x" }));
    const { promises } = await engine.collect(1);
    expect(promises).toBeGreaterThan(50);
    // Its number may be that of a deleted one.
    await engine.send(create("again", now + 1_000, rootTags("again", kind("approval"))));
    await engine.close();
    const audit = auditOf(dataDir);
    expect(audit).toMatchObject({ ...sound, gaps: 0 });
    expect(audit.erased).toBeGreaterThan(5);
    expect(eventsIn(dataDir).filter((event) => event.includes("approval.erased"))).toHaveLength(audit.erased);
  });

  it("says that an approval is deleted while only some of it is, and says it once", async () => {
    const dataDir = temporaryFolder();
    const engine = testEngine({ dataDir, trail });
    await engine.send(approval("po"));
    const ballots = Array.from({ length: 300 }, (_, at) => `po:${at}`);
    await Promise.all(ballots.map((id) => engine.send(part(id, "ballot"))));
    await Promise.all([...ballots, "po"].map((id) => engine.send(settle(id))));
    await checkpointed(dataDir);
    await untilPasses(() => expect(Date.now()).toBeGreaterThan(auditedAt(dataDir)));
    const stopped = new AbortController();
    stopped.abort();
    expect((await engine.collect(0, stopped.signal)).promises).toBe(256);
    await checkpointed(dataDir);
    expect(auditOf(dataDir)).toMatchObject({ ...sound, approvals: 0, erased: 1, deleting: 1 });
    expect(
      (await engine.send(request("trail.read", { query: { ask: "events", approval: "po" } }))).data,
    ).toEqual({ kind: "answer", answer: { events: [] } });
    await engine.collect(0);
    await engine.send(approval("po"));
    await engine.close();
    expect(auditOf(dataDir)).toMatchObject({ ...sound, approvals: 1, erased: 1, deleting: 0 });
    expect(eventsIn(dataDir).slice(-2)).toEqual(["1 603 approval.erased", "2 1 approval.created"]);
  });

  it("is off after a fault, which stops nothing, and the next start says that events are missing", async () => {
    const dataDir = temporaryFolder();
    const faulty = {
      ...trail,
      open: (...given: Parameters<typeof trail.open>) => ({
        ...trail.open(...given),
        append: () => given[0].exec("INSERT INTO nowhere VALUES (1)"),
      }),
    };
    const said: string[] = [];
    const log = { warn: () => undefined, error: (_: object, message: string) => void said.push(message) };
    const engine = openEngine({ dataDir, trail: faulty, log });
    await engine.send(approval("po"));
    await checkpointed(dataDir);
    expect((await engine.send(approval("po-2"))).head.status).toBe(200);
    expect((await engine.send(request("trail.read", { query: { ask: "head" } }))).data).toEqual({
      kind: "stale",
    });
    await engine.close();
    expect(said).toHaveLength(1);
    const again = openEngine({ dataDir, trail });
    await again.send(settle("po"));
    await again.close();
    expect(eventsIn(dataDir)[0]).toBe("0 1 log.gap");
    expect(auditOf(dataDir)).toMatchObject({ count: 0, gaps: 1 });
  });

  it.each([
    ["while events are appended", "BEFORE INSERT ON log_events WHEN NEW.part = ':3'"],
    ["while chains are saved", "BEFORE UPDATE ON log_chains WHEN NEW.chain = 2"],
    ["while an approval is erased", "BEFORE UPDATE ON log_chains WHEN NEW.key IS NULL"],
  ])("has no half of what a fault %s has stopped", async (_, when) => {
    const dataDir = temporaryFolder();
    const open = () => openEngine({ dataDir, trail });
    const first = open();
    for (const sent of [approval("po"), approval("po-2")]) await first.send(sent);
    await first.close();
    const db = new DatabaseSync(join(dataDir, "engine.db"));
    db.exec(`CREATE TRIGGER fault ${when} BEGIN SELECT RAISE(ABORT, 'a fault'); END`);
    const second = open();
    const parts = [part("po:2", "ballot"), part("po-2:2", "ballot"), part("po:3", "ballot")];
    await Promise.all([...parts, settle("po-2:2"), settle("po-2")].map((sent) => second.send(sent)));
    expect(await second.erase("po-2")).toMatchObject({ state: "done" });
    await second.close();
    db.exec("DROP TRIGGER fault");
    db.close();
    const third = open();
    for (const sent of [settle("po:2"), settle("po:3"), settle("po")]) await third.send(sent);
    await third.close();
    expect(auditOf(dataDir)).toMatchObject({ count: 0, findings: [], approvals: 1, erased: 1, gaps: 1 });
  });

  it("has each event once after a full disk has undone what was not saved yet", async () => {
    const dataDir = temporaryFolder();
    let isFull = true;
    const full: typeof trail = {
      ...trail,
      open: (db, source) => {
        const rows = trail.open(db, source);
        const append: typeof rows.append = (told) => {
          rows.append(told);
          if (!isFull) return;
          isFull = false;
          db.exec("ROLLBACK");
          throw Object.assign(new Error("database or disk is full"), {
            code: "ERR_SQLITE_ERROR",
            errcode: 13,
          });
        };
        return { ...rows, append };
      },
    };
    const engine = openEngine({ dataDir, trail: full });
    for (const sent of [approval("po"), part("po:1", "ballot")]) await engine.send(sent);
    await expect.poll(() => isFull).toBe(false);
    await engine.send(settle("po:1"));
    await engine.close();
    expect(eventsIn(dataDir)).toEqual([
      "1 1 approval.created",
      "1 2 ballot.created :1",
      "1 3 ballot.settled :1",
    ]);
    expect(auditOf(dataDir)).toMatchObject({ ...sound, gaps: 0 });
  });
});

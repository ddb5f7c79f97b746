/** The read model in PostgreSQL is what the promises say: always soon, and after any loss. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { pageOf } from "../../../src/ledger/found.ts";
import type { ListQuery } from "../../../src/ledger/ledger.ts";
import { openDatabase } from "../../../src/ledger/postgres/database.ts";
import { feedLog } from "../../../src/ledger/postgres/feed-log.ts";
import type { IndexOptions } from "../../../src/ledger/postgres/open.ts";
import { operateIndex } from "../../../src/ledger/postgres/operate.ts";
import { type Reading, readApproval } from "../../../src/ledger/postgres/reading.ts";
import { migrate, SCHEMA_VERSION } from "../../../src/ledger/postgres/schema.ts";
import { search } from "../../../src/ledger/postgres/search.ts";
import { readState } from "../../../src/ledger/postgres/state.ts";
import { sweep } from "../../../src/ledger/postgres/sweep.ts";
import { writeReadings } from "../../../src/ledger/postgres/write.ts";
import { openIndexOf } from "../../../src/processes/open-index.ts";
import { testEngine, testServer } from "../../support/engine.ts";
import { request } from "../../support/engine-requests.ts";
import { untilPasses } from "../../support/eventually.ts";
import { allOf, approvalsIn } from "../../support/ledger-engine.ts";
import { expectAnswersRight } from "../../support/ledger-queries.ts";
import { query, withPostgres } from "../../support/postgres.ts";
import { expectIndexRight, type FedIndex, indexOn } from "../../support/postgres-index.ts";
import {
  type PostgresProxy,
  type StatementMoment,
  startPostgresProxy,
} from "../../support/postgres-proxy.ts";
import { randomFrom, seeds } from "../../support/seeds.ts";
import { syntheticApprovals } from "../../support/synthetic-approvals.ts";

const postgres = withPostgres();

const LIST = { sort: "created", limit: 1 } as const;
const SILENT = { info: () => {}, warn: () => {}, error: () => {} };
const UNAVAILABLE = { code: "INDEX_UNAVAILABLE" };

/** Stopped when the test is over. Its upkeep looks often. */
function indexFor(engine: Engine, url: string, options: Partial<IndexOptions> = {}): FedIndex {
  const index = indexOn(engine, url, { everyMs: 50, ...options });
  onTestFinished(() => index.stop());
  return index;
}

/** The same, whole. */
async function openFor(engine: Engine, url: string, options: Partial<IndexOptions> = {}): Promise<FedIndex> {
  const index = indexFor(engine, url, options);
  await untilPasses(() => index.ledger.list(LIST));
  return index;
}

async function proxyTo(url: string): Promise<PostgresProxy> {
  const proxy = await startPostgresProxy(url);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

/** An engine with approvals, and the next requests of their lives. */
async function filled(seed = 1, requests = 60) {
  const engine = testEngine();
  const next = syntheticApprovals(randomFrom(seed), Date.now());
  for (let i = 0; i < requests; i += 1) await engine.send(next());
  return { engine, next };
}

async function eventuallyRight(engine: Engine, url: string): Promise<void> {
  await untilPasses(async () => {
    await expectIndexRight(engine, url);
    expect(await query(url, "SELECT * FROM ledger_marks")).toEqual([]);
  });
}

describe("the read model in PostgreSQL", () => {
  it.each(seeds(2))(
    "answers every query as a simple reading of all promises does (seed %i)",
    async (seed) => {
      const random = randomFrom(seed);
      const nowMs = Date.now();
      const engine = testEngine();
      const url = await postgres.newDatabase();
      const index = await openFor(engine, url);
      const next = syntheticApprovals(random, nowMs);
      for (let round = 0; round < 3; round += 1) {
        for (let i = 0; i < 120; i += 1) await index.send(next());
        // A list has what this process has changed.
        await expectAnswersRight(index.ledger, await approvalsIn(engine), random, nowMs);
      }
      await eventuallyRight(engine, url);
    },
  );

  it("goes on over short pages, where a page may look at few entries or have few bytes", async () => {
    const { engine } = await filled(7, 800);
    const url = await postgres.newDatabase();
    const index = await openFor(engine, url);
    const database = openDatabase(url);
    onTestFinished(() => database.close());
    const query = { sort: "created", requester: "bo@example.com", approver: "ana@example.com" } as const;
    const whole = await allOf(index.ledger, query);
    expect(whole.length).toBeGreaterThan(2);
    for (const limits of [
      { lookedAt: 2, bytes: 4_000_000 },
      { lookedAt: 2_000, bytes: 1 },
    ]) {
      const ledger = { list: async (one: ListQuery) => pageOf(await search(database, one, limits)) };
      expect(await allOf(ledger, query)).toEqual(whole);
      expect((await ledger.list({ ...query, limit: 100 })).items.length).toBeLessThan(3);
    }
    const { total } = pageOf(
      await search(database, { ...query, limit: 1, total: true }, { lookedAt: 2, bytes: 1 }),
    );
    expect(total).toMatchObject({ isExact: false });
  });

  it("is right however many processes change the same approvals at once", async () => {
    const engine = testEngine();
    const url = await postgres.newDatabase();
    const indexes = await Promise.all([1, 2, 3].map(() => openFor(engine, url)));
    const next = syntheticApprovals(randomFrom(11), Date.now());
    for (let i = 0; i < 100; i += 1) await Promise.all(indexes.map((index) => index.send(next())));
    await eventuallyRight(engine, url);
  });

  it("is made of what the server has, and then lists go on", async () => {
    const { engine } = await filled();
    const url = await postgres.newDatabase();
    const early = indexFor(engine, url, { isLasting: false });
    await expect(early.ledger.list(LIST)).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: "Cannot list approvals: the index is being made, 0 approvals are in it",
    });
    const index = await openFor(engine, url);
    expect(await allOf(index.ledger, { sort: "created" })).toHaveLength((await approvalsIn(engine)).length);
    await expectIndexRight(engine, url);
    await expect(index.ledger.list({ ...LIST, cursor: "x" })).rejects.toMatchObject({
      code: "INVALID_FIELDS",
    });
  });

  it("finds what strangers have changed, when a deadline is over or everything is compared", async () => {
    const { engine, next } = await filled();
    const url = await postgres.newDatabase();
    await openFor(engine, url);
    for (let i = 0; i < 60; i += 1) await engine.send(next());
    await expect(expectIndexRight(engine, url)).rejects.toThrow();
    await query(url, "UPDATE ledger_state SET sweep_wanted_at = clock_timestamp()");
    await eventuallyRight(engine, url);

    const [pending] = (await approvalsIn(engine)).filter(({ entry }) => entry.status === "pending");
    await engine.send(
      request("promise.settle", { id: pending?.entry.id ?? "", state: "rejected", value: {} }),
    );
    await expect(expectIndexRight(engine, url)).rejects.toThrow();
    await query(url, "UPDATE ledger_entries SET look_at = 0 WHERE look_at IS NOT NULL");
    await eventuallyRight(engine, url);
  });
});

describe("a gateway or worker, with its settings alone,", () => {
  const sweptHoursAgo = (url: string, hours: number) =>
    query(url, `UPDATE ledger_state SET swept_at = clock_timestamp() - interval '${hours} hours'`);
  /** Of a process that died: nothing can rely on it any more. */
  const oldMark = (url: string) =>
    query(
      url,
      "INSERT INTO ledger_marks (subject, token, at) VALUES ('gone', 'dead.1', clock_timestamp() - interval '3 minutes')",
    );

  it("compares index and promises when a day is over, and mends what it finds; old marks go at once", async () => {
    const { engine, next } = await filled();
    const { url: RESONATE_URL } = await testServer(engine);
    const INDEX_URL = await postgres.newDatabase();
    const first = indexOn(engine, INDEX_URL);
    await untilPasses(() => first.ledger.list(LIST));
    await first.stop();
    const database = openDatabase(INDEX_URL);
    onTestFinished(() => database.close());
    const state = () => readState(database);
    for (let i = 0; i < 60; i += 1) await engine.send(next());
    const settings = { RESONATE_URL, RESONATE_TOKEN: "token", INDEX_URL };
    const start = async () => {
      const index = await openIndexOf(loadConfig(settings), pino({ level: "silent" }));
      if (index === undefined) throw new Error("There is no index");
      return index;
    };

    await sweptHoursAgo(INDEX_URL, 23);
    await oldMark(INDEX_URL);
    const early = await start();
    await untilPasses(async () => expect(await query(INDEX_URL, "SELECT * FROM ledger_marks")).toEqual([]));
    expect(await state()).toMatchObject({ isSweepDue: false });
    await expect(expectIndexRight(engine, INDEX_URL)).rejects.toThrow();
    await early.stop();

    await sweptHoursAgo(INDEX_URL, 25);
    await oldMark(INDEX_URL);
    expect(await state()).toMatchObject({ isSweepDue: true });
    const late = await start();
    await eventuallyRight(engine, INDEX_URL);
    await untilPasses(async () => expect(await state()).toMatchObject({ isSweepDue: false }));
    await late.stop();
  });
});

describe("a reading of an approval", () => {
  async function twoReadings() {
    const { engine, next } = await filled(3, 40);
    const url = await postgres.newDatabase();
    const database = openDatabase(url);
    onTestFinished(() => database.close());
    await migrate(database);
    const promises = createDurable(engine.network({ group: "tests" }));
    const readAll = async () => {
      const ids = (await approvalsIn(engine)).map(({ entry }) => entry.id);
      const read = await Promise.all(ids.map((id) => readApproval(promises, id)));
      return read.filter((reading): reading is Reading => reading !== undefined);
    };
    const older = await readAll();
    for (let i = 0; i < 40; i += 1) await engine.send(next());
    return { engine, url, database, older, newer: await readAll() };
  }

  it("is not replaced by an older one", async () => {
    const { engine, url, database, older, newer } = await twoReadings();
    await writeReadings(database, newer);
    await writeReadings(database, older);
    await expectIndexRight(engine, url);
    // Each of them again, as after a retry.
    await writeReadings(database, newer);
    await expectIndexRight(engine, url);
  });

  it("would be, without its version: these tests find that", async () => {
    const { engine, url, database, older, newer } = await twoReadings();
    await writeReadings(database, newer);
    await query(url, "UPDATE ledger_entries SET version = 0");
    await writeReadings(database, older);
    await expect(expectIndexRight(engine, url)).rejects.toThrow();
  });
});

describe("while PostgreSQL is away", () => {
  it("people and programs go on, lists say so, operators hear of it once, and it catches up", async () => {
    const { engine, next } = await filled();
    const url = await postgres.newDatabase();
    const index = await openFor(engine, url);
    await postgres.stop("immediate");
    try {
      for (let i = 0; i < 40; i += 1) await index.send(next());
      await expect(index.ledger.list(LIST)).rejects.toMatchObject({
        ...UNAVAILABLE,
        message: "Cannot list approvals: the database of INDEX_URL cannot be reached",
      });
    } finally {
      await postgres.start();
    }
    await eventuallyRight(engine, url);
    await untilPasses(() => index.ledger.list(LIST));
    expect(index.log).toEqual([
      expect.stringMatching(/^warn the index in PostgreSQL cannot be used/u),
      "info the index in PostgreSQL can be used again",
    ]);
  });

  it("requests wait no longer than a second for one that does not answer, and the next ones not at all", async () => {
    const { engine, next } = await filled();
    const url = await postgres.newDatabase();
    const proxy = await proxyTo(url);
    const index = await openFor(engine, proxy.url, { everyMs: 60_000 });
    proxy.hang(true);
    const startedAt = performance.now();
    for (let i = 0; i < 20; i += 1) await index.send(next());
    // A second each would be 20 s.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    await expect(expectIndexRight(engine, url)).rejects.toThrow();
    // Another process compares everything: this one might have been killed.
    await query(url, "UPDATE ledger_state SET sweep_wanted_at = clock_timestamp(), kept_until = NULL");
    indexFor(engine, url);
    await eventuallyRight(engine, url);
  });

  it.each(["statement", "answer"] as const)(
    "nothing is lost if the connection breaks at any %s of a feed",
    async (moment) => {
      const { engine, next } = await filled();
      const url = await postgres.newDatabase();
      const proxy = await proxyTo(url);
      // No upkeep: the process itself catches up.
      await openFor(engine, url);
      const index = indexFor(engine, proxy.url, { isLasting: false });
      let wasCut = true;
      for (let nth = 0; wasCut; nth += 1) {
        await index.ledger.list(LIST);
        wasCut = false;
        proxy.cutAt(nth, moment, () => {
          wasCut = true;
        });
        await index.send(next());
        await untilPasses(() => expectIndexRight(engine, url));
        if (nth > 50) throw new Error("A feed never takes so many statements");
      }
      await makeOld(url);
      await eventuallyRight(engine, url);
    },
  );
});

describe("what was lost", () => {
  /** A pending approval that a stranger rejects, so that its row is old. */
  async function changedByStranger(engine: Engine): Promise<string> {
    const [pending] = (await approvalsIn(engine)).filter(({ entry }) => entry.status === "pending");
    const id = pending?.entry.id ?? "";
    await engine.send(request("promise.settle", { id, state: "rejected", value: {} }));
    return id;
  }

  it("is found behind any number of marks that may still be needed", async () => {
    const { engine } = await filled();
    const url = await postgres.newDatabase();
    await openFor(engine, url);
    const id = await changedByStranger(engine);
    await query(
      url,
      `INSERT INTO ledger_marks (subject, token, at)
       SELECT 'x' || n, 'dead.' || n, clock_timestamp() - interval '60 seconds' FROM generate_series(1, 600) n`,
    );
    await query(
      url,
      "INSERT INTO ledger_marks (subject, token, at) VALUES ($1, 'dead.0', clock_timestamp() - interval '20 seconds')",
      [id],
    );
    await untilPasses(() => expectIndexRight(engine, url));
    expect(await query(url, "SELECT count(*)::int FROM ledger_marks")).toEqual([[601]]);
    await makeOld(url);
    await eventuallyRight(engine, url);
  });

  it("is found behind any number of rows whose approvals the server no longer has", async () => {
    const { engine } = await filled();
    const url = await postgres.newDatabase();
    await openFor(engine, url);
    const id = await changedByStranger(engine);
    await query(
      url,
      `INSERT INTO ledger_entries (id, version, look_at, created_at, due_at, entry)
       SELECT 'gone' || n, 1, 0, 0, 0, '{}' FROM generate_series(1, 300) n`,
    );
    await query(url, "UPDATE ledger_entries SET look_at = 1 WHERE id = $1", [id]);
    await untilPasses(async () =>
      expect(await query(url, "SELECT 1 FROM ledger_entries WHERE look_at < 2")).toEqual([]),
    );
    await query(url, "DELETE FROM ledger_entries WHERE id LIKE 'gone%'");
    await expectIndexRight(engine, url);
  });

  it("is read while everything is compared, which can take hours", async () => {
    const { engine } = await filled();
    const url = await postgres.newDatabase();
    const database = openDatabase(url);
    onTestFinished(() => database.close());
    await openFor(engine, url);
    let calls = 0;
    const network = engine.network({ group: "index" });
    const parts = {
      database,
      network,
      name: "sweeper",
      promises: createDurable(network),
      log: feedLog(SILENT),
    };
    await query(
      url,
      "UPDATE ledger_state SET keeper = 'sweeper', kept_until = clock_timestamp() + interval '1 hour'",
    );
    const isWhole = await sweep(parts, {
      isMaking: false,
      isHurried: false,
      meanwhile: async () => {
        calls += 1;
      },
    });
    expect(isWhole).toBe(true);
    expect(calls).toBeGreaterThan(1);
  });
});

/** As if their processes had died some minutes ago. */
async function makeOld(url: string): Promise<void> {
  await query(url, "UPDATE ledger_marks SET at = at - interval '5 minutes'");
}

describe("a process that feeds", () => {
  const FEEDING = fileURLToPath(new URL("../../support/feeding-process.ts", import.meta.url));

  /** Runs it, and kills it with SIGKILL at a statement; false if it ended before. */
  async function killedAt(
    nth: number,
    moment: StatementMoment,
    { engineUrl, proxy, envelope }: { engineUrl: string; proxy: PostgresProxy; envelope: object },
  ): Promise<boolean> {
    const child = fork(FEEDING, [engineUrl, proxy.url, `killed${nth}${moment}`, JSON.stringify(envelope)]);
    const exited = once(child, "exit") as Promise<[number | null, string | null]>;
    await Promise.race([once(child, "message"), exited]);
    proxy.cutAt(nth, moment, () => child.kill("SIGKILL"));
    child.send("go");
    const [code, signal] = await exited;
    proxy.cutNever();
    expect(code === 0 || signal === "SIGKILL").toBe(true);
    return signal === "SIGKILL";
  }

  it("can be killed at any statement: the index becomes what a rebuild makes, by the marks alone", async () => {
    const { engine, next } = await filled(7);
    const server = await testServer(engine);
    const url = await postgres.newDatabase();
    const proxy = await proxyTo(url);
    const keeper = await openFor(engine, url);
    let lostWithoutMarks = 0;
    for (const moment of ["statement", "answer"] as const) {
      let wasKilled = true;
      for (let nth = 0; wasKilled; nth += 1) {
        const envelope = next();
        wasKilled = await killedAt(nth, moment, { engineUrl: server.url, proxy, envelope });
        // Without the marks, nobody would know of it.
        const isRight = await expectIndexRight(engine, url).then(
          () => true,
          () => false,
        );
        if (!isRight) lostWithoutMarks += 1;
        await makeOld(url);
        await eventuallyRight(engine, url);
        // The approvals' next requests need what the last one would have stored.
        await keeper.send(envelope);
      }
    }
    expect(lostWithoutMarks).toBeGreaterThan(2);
  });
});

describe("the tables", () => {
  it("are made once, by however many processes start at once, and keep what is in them", async () => {
    const url = await postgres.newDatabase();
    const databases = [1, 2, 3, 4].map(() => openDatabase(url));
    onTestFinished(async () => {
      await Promise.all(databases.map((database) => database.close()));
    });
    const from = await Promise.all(databases.map((database) => migrate(database)));
    // Each step is made by one of them, and another may make the next.
    expect(from.filter((version) => version === 0)).toHaveLength(1);
    const steps = Array.from({ length: SCHEMA_VERSION }, (_, i) => [i + 1]);
    expect(await query(url, "SELECT version FROM ledger_migrations ORDER BY 1")).toEqual(steps);
  });

  it("of a newer version are left alone, with a message that says what to do", async () => {
    const { engine, next } = await filled();
    const url = await postgres.newDatabase();
    await openFor(engine, url);
    await query(url, "INSERT INTO ledger_migrations (version) VALUES ($1)", [SCHEMA_VERSION + 1]);
    const older = indexFor(engine, url);
    await expect(older.ledger.list(LIST)).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: `Cannot list approvals: in the database of INDEX_URL, a newer version of Countersign has made its tables (version ${SCHEMA_VERSION + 1}; this one knows ${SCHEMA_VERSION}). Update this program`,
    });
    // What it does to approvals is done all the same.
    await older.send(next());
  });

  it("that are brought up to date while an older program runs are written by it no more", async () => {
    const { engine, next } = await filled();
    const url = await postgres.newDatabase();
    const older = await openFor(engine, url);
    await query(url, "INSERT INTO ledger_migrations (version) VALUES ($1)", [SCHEMA_VERSION + 1]);
    const before = await query(url, "SELECT id, version FROM ledger_entries ORDER BY 1");
    for (let i = 0; i < 20; i += 1) await older.send(next());
    await expect(older.ledger.list(LIST)).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringMatching(/a newer version of Countersign has made its tables/u),
    });
    await untilPasses(() => expect(older.log).toContainEqual(expect.stringMatching(/^warn /u)));
    expect(await query(url, "SELECT id, version FROM ledger_entries ORDER BY 1")).toEqual(before);
    await query(url, "DELETE FROM ledger_migrations WHERE version > $1", [SCHEMA_VERSION]);
    await eventuallyRight(engine, url);
  });
});

describe("an operator", () => {
  it("is told what is wrong, and makes the index again while the service runs", async () => {
    const { engine, next } = await filled();
    const url = await postgres.newDatabase();
    const operator = operateIndex({ url, network: engine.network({ group: "cli" }), name: "operator" });
    onTestFinished(() => operator.close());
    expect(await operator.examine()).toMatchObject({ state: "empty", schema: 0 });
    expect(await operator.migrate()).toEqual({ from: 0, to: SCHEMA_VERSION });
    expect(await operator.examine()).toMatchObject({ state: "building", approvals: 0 });
    const index = await openFor(engine, url);
    const right = await operator.examine();
    expect(right).toMatchObject({ state: "whole", wrong: [], approvals: (await approvalsIn(engine)).length });
    expect(right.compared).toBe(right.approvals);

    const [[id]] = (await query(
      url,
      `UPDATE ledger_entries SET version = 1000000, entry = replace(entry, '"title":"', '"title":"X') WHERE n = 1 RETURNING id`,
    )) as [[string]];
    await query(url, "DELETE FROM ledger_terms WHERE n = 2 AND term LIKE 'a:%'");
    await query(url, "INSERT INTO ledger_terms VALUES ('w:nobody@example.com', 0, 3)");
    const { wrong } = await operator.examine();
    expect(wrong).toContain(id);
    expect(wrong.length).toBeGreaterThan(0);
    const rebuilding = operator.rebuild();
    for (let i = 0; i < 20; i += 1) await index.send(next());
    expect(await rebuilding).toEqual({ leftOut: [] });
    await eventuallyRight(engine, url);
  });

  it("may be interrupted: a gateway or worker finishes it", async () => {
    const { engine } = await filled();
    const url = await postgres.newDatabase();
    const index = await openFor(engine, url);
    await query(url, "TRUNCATE ledger_entries, ledger_terms");
    await query(
      url,
      "UPDATE ledger_state SET built_at = NULL, keeper = 'operator', kept_until = clock_timestamp() + interval '1 second'",
    );
    await expect(index.ledger.list(LIST)).rejects.toMatchObject(UNAVAILABLE);
    await untilPasses(() => index.ledger.list(LIST));
    await expectIndexRight(engine, url);
  });
});

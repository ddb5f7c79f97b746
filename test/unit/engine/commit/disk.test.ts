import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { SYSTEM_CLOCK } from "../../../../src/engine/clock.ts";
import { groupCommit } from "../../../../src/engine/commit/group-commit.ts";
import type { EngineResponse } from "../../../../src/engine/decide/response.ts";
import { openDatabase } from "../../../../src/engine/store/database.ts";
import { type Journal, keepJournal } from "../../../../src/engine/store/journal.ts";
import { Store } from "../../../../src/engine/store/store.ts";
import { parseRequest } from "../../../../src/protocol/parse.ts";
import { temporaryFolder } from "../../../support/engine.ts";
import { brokenInvariants } from "../../../support/engine-invariants.ts";
import {
  acquire,
  create,
  type Envelope,
  latentTags,
  request,
  rootTags,
} from "../../../support/engine-requests.ts";
import { untilPasses } from "../../../support/eventually.ts";

const DAY = 86_400_000;

/** The engine's core on a disk that a pragma makes full or read-only, and gives back. */
function diskWorld() {
  const db = openDatabase(join(temporaryFolder(), "engine.db"));
  const quiet = {
    send: () => undefined,
    taskChanged: () => undefined,
    isReachable: () => true,
    handOutAgain: vi.fn(),
    reset: () => undefined,
  };
  const failing = { isFull: false, isReadable: true };
  const store = new Store(db, failingJournal(failing));
  const lines: string[] = [];
  const line = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  const log = { warn: line("warn"), error: line("error") };
  const { batch, close } = groupCommit({ store, clock: SYSTEM_CLOCK, log, messenger: quiet });
  onTestFinished(() => {
    close();
    db.close();
  });
  const send = (envelope: Envelope): Promise<EngineResponse> => {
    const parsed = parseRequest(envelope);
    if ("refusal" in parsed) throw new Error(parsed.refusal.message);
    return batch.add(parsed.request, { local: false });
  };
  const ids = () =>
    db
      .prepare("SELECT id FROM promises ORDER BY n")
      .all()
      .map((row) => String(row["id"]));
  return { db, store, failing, send, ids, lines, handOutAgain: quiet.handOutAgain };
}

/** A journal in memory, on a disk that fails when it is told to. */
function failingJournal(failing: { readonly isFull: boolean; readonly isReadable: boolean }): Journal {
  const journal = keepJournal();
  return {
    ...journal,
    append: (record) => {
      if (failing.isFull) throw new Error("ENOSPC: no space left on device, write");
      journal.append(record);
    },
    read: () => {
      if (!failing.isReadable) throw new Error("EIO: i/o error, read");
      return journal.read();
    },
  };
}

function wide(id: string): Envelope {
  const { data, ...rest } = create(id, Date.now() + DAY, rootTags(id));
  return { ...rest, data: { ...data, param: { data: "x".repeat(9_000) } } };
}

test("what is read beside a change that finds no room is answered, from what is on disk", async () => {
  const { failing, send } = diskWorld();
  expect((await send(create("a", Date.now() + DAY, rootTags("a")))).status).toBe(200);
  failing.isFull = true;
  const together = await Promise.all([
    send(create("b", Date.now() + DAY, rootTags("b"))),
    send(request("promise.get", { id: "b" })),
    send(request("promise.get", { id: "a" })),
  ]);
  expect(together.map(({ status }) => status)).toEqual([503, 404, 200]);
});

test("a full disk refuses with 503, keeps nothing of what it refused, and goes on when there is room", async () => {
  const { db, send, ids } = diskWorld();
  const pages = Number(db.prepare("PRAGMA page_count").get()?.["page_count"]);
  db.exec(`PRAGMA max_page_count = ${pages + 60}`);
  const acknowledged: string[] = [];
  const refused: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    const names = Array.from({ length: 4 }, (_, n) => `w${round}-${n}`);
    const answers = await Promise.all(names.map((id) => send(wide(id))));
    for (const [at, { status }] of answers.entries())
      (status === 200 ? acknowledged : refused).push(names[at] ?? "");
    expect(answers.map(({ status }) => status)).toSatisfy((all: number[]) => new Set(all).size === 1);
    expect([200, 503]).toContain(answers[0]?.status);
  }
  expect(acknowledged.length).toBeGreaterThan(3);
  expect(refused.length).toBeGreaterThan(20);
  expect(ids()).toEqual(acknowledged);
  // What needs no room goes on, also what was read before into memory is true.
  expect((await send(request("promise.get", { id: refused[0] }))).status).toBe(404);
  expect((await send(request("promise.get", { id: acknowledged[0] }))).status).toBe(200);
  expect(brokenInvariants(db)).toEqual({});
  db.exec("PRAGMA max_page_count = 1000000");
  expect((await send(wide(refused[0] ?? ""))).status).toBe(200);
  expect(ids()).toEqual([...acknowledged, refused[0]]);
});

test("a read-only disk refuses with 503 whatever would change something, and goes on when it can be written", async () => {
  const { db, store, send, ids } = diskWorld();
  await send(create("a", Date.now() + DAY, rootTags("a")));
  store.checkpoint();
  db.exec("PRAGMA query_only = ON");
  expect((await send(acquire("a", 0))).status).toBe(503);
  expect((await send(create("b", Date.now() + DAY))).status).toBe(503);
  expect((await send(request("task.get", { id: "a" }))).data).toMatchObject({
    task: { state: "pending", version: 0 },
  });
  db.exec("PRAGMA query_only = OFF");
  expect((await send(acquire("a", 0))).status).toBe(200);
  const action = create("a:0", Date.now() + DAY, latentTags("a:0", "a"));
  expect((await send(request("task.fence", { id: "a", version: 1, action }))).status).toBe(200);
  expect(ids()).toEqual(["a", "a:0"]);
});

test("a journal that cannot be written refuses with 503 and keeps nothing; what was acknowledged before it stands", async () => {
  const { db, store, failing, send, ids } = diskWorld();
  await send(create("a", Date.now() + DAY, rootTags("a")));
  store.checkpoint();
  await send(create("b", Date.now() + DAY, rootTags("b")));
  failing.isFull = true;
  const answers = await Promise.all([send(create("c", Date.now() + DAY)), send(acquire("b", 0))]);
  expect(answers.map(({ status }) => status)).toEqual([503, 503]);
  expect((await send(request("promise.get", { id: "c" }))).status).toBe(404);
  expect((await send(request("task.get", { id: "b" }))).data).toMatchObject({
    task: { state: "pending", version: 0 },
  });
  expect(ids()).toEqual(["a", "b"]);
  failing.isFull = false;
  expect((await send(acquire("b", 0))).status).toBe(200);
  expect((await send(create("c", Date.now() + DAY))).status).toBe(200);
  expect(ids()).toEqual(["a", "b", "c"]);
  expect(brokenInvariants(db)).toEqual({});
});

test("a checkpoint that fails loses nothing, and is made up for", async () => {
  const { db, store, send, ids } = diskWorld();
  await send(create("a", Date.now() + DAY, rootTags("a")));
  db.exec("CREATE TRIGGER full BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  expect(() => store.checkpoint()).toThrow("disk full");
  expect((await send(acquire("a", 0))).status).toBe(200);
  expect(ids()).toEqual(["a"]);
  // The trigger was part of what was undone.
  store.checkpoint();
  expect(db.prepare("SELECT number FROM journal").get()).toEqual({ number: 2 });
  expect(brokenInvariants(db)).toEqual({});
});

test("a query that fails, after which SQLite has rolled back, loses nothing that was acknowledged before", async () => {
  const { db, store, send, ids } = diskWorld();
  await send(create("a", Date.now() + DAY, rootTags("a")));
  vi.spyOn(store.view, "task").mockImplementationOnce(() => {
    db.exec("ROLLBACK");
    throw Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR" });
  });
  const answers = await Promise.all([
    send(request("task.get", { id: "a" })),
    send(create("b", Date.now() + DAY)),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 503]);
  expect((await send(create("c", Date.now() + DAY))).status).toBe(200);
  store.checkpoint();
  expect(ids()).toEqual(["a", "c"]);
});

test("a clock's turn that fails, after which SQLite has rolled back, loses nothing that was acknowledged before", async () => {
  const { db, store, send, ids } = diskWorld();
  await send(create("a", Date.now() + DAY, rootTags("a")));
  expect((await send(create("a:0", Date.now() + 20, latentTags("a:0", "a")))).status).toBe(200);
  vi.spyOn(store.agenda, "duePromises").mockImplementationOnce(() => {
    db.exec("ROLLBACK");
    throw new Error("database or disk is full");
  });
  await untilPasses(() => expect(store.agenda.duePromises).toHaveBeenCalledOnce());
  expect((await send(create("c", Date.now() + DAY))).status).toBe(200);
  expect(ids()).toEqual(["a", "a:0", "c"]);
});

test("when all that came since a checkpoint could not be read for a while, workers are told anew", async () => {
  const { db, failing, send, ids, handOutAgain } = diskWorld();
  await send(create("a", Date.now() + DAY, rootTags("a")));
  db.exec("CREATE TRIGGER full BEFORE UPDATE ON journal BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END");
  failing.isReadable = false;
  await untilPasses(() => expect(ids()).toEqual([]));
  failing.isReadable = true;
  expect(handOutAgain).not.toHaveBeenCalled();
  expect((await send(acquire("a", 0))).status).toBe(200);
  expect(handOutAgain).toHaveBeenCalledOnce();
  expect(ids()).toEqual(["a"]);
});

test("a disk that takes nothing is told once, however much is refused, and once more when it takes something again", async () => {
  const { failing, send, lines } = diskWorld();
  const ask = async (id: string) => (await send(create(id, Date.now() + DAY, rootTags(id)))).status;
  failing.isFull = true;
  expect([await ask("a"), await ask("b"), await ask("c")]).toEqual([503, 503, 503]);
  // A read commits nothing, and so it shows nothing.
  expect((await send(request("promise.get", { id: "a" }))).status).toBe(404);
  expect(lines).toEqual(["error: Commit failed: none of its changes were kept"]);
  failing.isFull = false;
  expect([await ask("a"), await ask("b")]).toEqual([200, 200]);
  expect(lines.slice(1)).toEqual(["warn: Commits work again"]);
});

import fs, { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import { openEngine } from "../../../../src/engine/engine.ts";
import { examine } from "../../../../src/engine/operate/doctor.ts";
import { openDatabase } from "../../../../src/engine/store/database.ts";
import {
  type JournalRecord,
  journalFileOf,
  lookAtJournal,
  openJournal,
  recordsAfter,
} from "../../../../src/engine/store/journal.ts";
import { Store } from "../../../../src/engine/store/store.ts";
import { ask, temporaryFolder, testEngine } from "../../../support/engine.ts";
import { openLeftBehind } from "../../../support/engine-file.ts";
import { create, request } from "../../../support/engine-requests.ts";

const DAY = 86_400_000;

function journalFile(): string {
  return join(temporaryFolder(), "engine.db.journal");
}

function record(number: number, id = `p${number}`): JournalRecord {
  return { number, changes: [{ kind: "promise.delete", id }] };
}

function journalOf(file: string, ...records: readonly JournalRecord[]) {
  const journal = openJournal(file);
  for (const each of records) journal.append(each);
  return journal;
}

test("a journal has what was appended, also when it is opened again, and goes on behind it", () => {
  const file = journalFile();
  journalOf(file, record(1), record(2, "ä€𝄞")).close();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const again = openJournal(file);
  expect(again.read().records).toEqual([record(1), record(2, "ä€𝄞")]);
  expect(again.bytes).toBe(statSync(file).size);
  again.append(record(3));
  again.close();
  expect(lookAtJournal(file).records.map(({ number }) => number)).toEqual([1, 2, 3]);
});

test("a journal without a file is empty", () => {
  expect(lookAtJournal(journalFile()).records).toEqual([]);
});

test("a journal begins anew after a restart: what stood there before does not come back", () => {
  const file = journalFile();
  const journal = journalOf(file, record(1, "x".repeat(10)), record(2), record(3), record(4));
  const { size } = statSync(file);
  journal.restart();
  expect([journal.bytes, journal.read().records]).toEqual([0, []]);
  // The same length as the first, so that the second is found right behind it.
  journal.append(record(5, "y".repeat(10)));
  expect(journal.read().records).toEqual([record(5, "y".repeat(10))]);
  journal.close();
  expect(lookAtJournal(file).records).toEqual([record(5, "y".repeat(10))]);
  expect(statSync(file).size).toBe(size);
});

test("a journal that was cut anywhere ends with its last whole record", () => {
  const file = journalFile();
  const journal = openJournal(file);
  const ends = [0, ...[1, 2, 3].map((number) => (journal.append(record(number)), journal.bytes))];
  journal.close();
  const whole = readFileSync(file);
  for (let length = 0; length <= whole.length; length += 1) {
    writeFileSync(file, whole.subarray(0, length));
    expect(lookAtJournal(file).records, `cut at ${length}`).toHaveLength(
      ends.findLastIndex((end) => end <= length),
    );
  }
});

/** A journal of three records, and where the second begins and ends. */
function threeRecords() {
  const file = journalFile();
  const journal = journalOf(file, record(1));
  const start = journal.bytes;
  journal.append(record(2));
  const end = journal.bytes;
  journal.append(record(3));
  journal.close();
  return { file, whole: readFileSync(file), start, end };
}

function withFlipped(whole: Buffer, ...bits: readonly number[]): Buffer {
  const damaged = Buffer.from(whole);
  for (const bit of bits) damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
  return damaged;
}

test("a journal with any one bit wrong is read as it was, and says which transaction that was", () => {
  const { file, whole } = threeRecords();
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    writeFileSync(file, withFlipped(whole, bit));
    const { records, repaired } = lookAtJournal(file);
    expect(records, `bit ${bit}`).toEqual([record(1), record(2), record(3)]);
    expect(repaired, `bit ${bit}`).toHaveLength(1);
  }
});

test("a journal with more bits wrong in one record is refused if a later one is there, and ends before it if it is the last", () => {
  const { file, whole, start, end } = threeRecords();
  for (let bit = start * 8; bit < end * 8 - 9; bit += 1) {
    writeFileSync(file, withFlipped(whole, bit, bit + 9));
    const { records, later } = lookAtJournal(file);
    expect(records, `bit ${bit}`).toEqual([record(1)]);
    expect(() => recordsAfter(0, records, later)).toThrow(
      "transaction 2 in its journal is damaged, and transaction 3",
    );
    writeFileSync(file, withFlipped(whole.subarray(0, end), bit, bit + 9));
    const last = lookAtJournal(file);
    expect(recordsAfter(0, last.records, last.later), `bit ${bit}`).toEqual([record(1)]);
  }
});

test("an engine does not start on a journal whose first record is damaged, and corrects one wrong bit", async () => {
  const dataDir = temporaryFolder();
  const file = journalFileOf(join(dataDir, "engine.db"));
  const engine = testEngine({ dataDir });
  for (const id of ["a", "b", "c"]) await ask(engine, create(id, Date.now() + DAY));
  const whole = readFileSync(file);
  const db = readFileSync(join(dataDir, "engine.db"));
  const log = readFileSync(join(dataDir, "engine.db-wal"));
  const left = (journal: Buffer) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "engine.db"), db);
    writeFileSync(join(folder, "engine.db-wal"), log);
    writeFileSync(journalFileOf(join(folder, "engine.db")), journal);
    return folder;
  };
  expect(() => openEngine({ dataDir: left(withFlipped(whole, 200, 300)) })).toThrow("is damaged");
  const lines: object[] = [];
  const note = (fields: object) => void lines.push(fields);
  const repaired = testEngine({
    dataDir: left(withFlipped(whole, 200)),
    log: { warn: note, error: note },
  });
  for (const id of ["a", "b", "c"]) {
    expect((await ask(repaired, request("promise.get", { id }))).status).toBe(200);
  }
  expect(lines).toEqual([{ transactions: [1] }]);
});

test("a record that is said to be longer than the file is none, whatever its checksum", () => {
  const file = journalFile();
  journalOf(file, record(1)).close();
  const whole = readFileSync(file);
  whole.writeUInt32LE(whole.length, 0);
  writeFileSync(file, whole);
  expect(lookAtJournal(file).records).toEqual([]);
});

test("a record that could not be brought to disk is not part of the journal, not even after a crash", () => {
  const file = journalFile();
  const journal = journalOf(file, record(1));
  const sync = vi.spyOn(fs, "fdatasyncSync").mockImplementation(() => {
    throw new Error("EIO: i/o error, fdatasync");
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
  expect(() => journal.append(record(2))).toThrow("EIO");
  expect(journal.read().records).toEqual([record(1)]);
  expect(lookAtJournal(file).records).toEqual([record(1)]);
  sync.mockRestore();
  syncBuiltinESMExports();
  journal.append(record(2, "again"));
  expect(lookAtJournal(file).records).toEqual([record(1), record(2, "again")]);
  journal.close();
});

test("a journal that one huge transaction made long is cut back", () => {
  const file = journalFile();
  const journal = journalOf(file, record(1, "x".repeat(20 * 1024 * 1024)));
  journal.restart();
  expect(statSync(file).size).toBe(16 * 1024 * 1024);
  journal.close();
});

test("an engine that was stopped leaves an empty journal, so that another version can start, or a backup take its place", async () => {
  const dataDir = temporaryFolder();
  const journal = journalFileOf(join(dataDir, "engine.db"));
  const engine = testEngine({ dataDir });
  await ask(engine, create("a", Date.now() + DAY));
  expect(lookAtJournal(journal).records).toHaveLength(1);
  await engine.close();
  expect(statSync(journal).size).toBe(0);
});

test("a journal of another version of the program is refused", () => {
  const file = journalFile();
  const text = Buffer.from(JSON.stringify([99, 1, []]));
  const header = Buffer.alloc(8);
  header.writeUInt32LE(text.length, 0);
  header.writeUInt32LE(crc32(text), 4);
  writeFileSync(file, Buffer.concat([header, text]));
  expect(() => openJournal(file)).toThrow(
    "is from another version of the program. Start and stop that version once",
  );
});

test("recordsAfter() answers what a database lacks, and refuses a journal that is not its own", () => {
  const records = [4, 5, 6].map((number) => record(number));
  expect(recordsAfter(3, records)).toEqual(records);
  expect(recordsAfter(5, records)).toEqual([record(6)]);
  expect(recordsAfter(6, records)).toEqual([]);
  expect(recordsAfter(9, records)).toEqual([]);
  expect(() => recordsAfter(2, records)).toThrow("starts at transaction 4, but its database ends at 2");
});

/** A folder as an engine leaves it that is killed before its checkpoint. */
function leftBehind(count: number): string {
  const dataDir = temporaryFolder();
  const file = join(dataDir, "engine.db");
  const store = new Store(openDatabase(file), openJournal(journalFileOf(file)));
  for (let n = 1; n <= count; n += 1) write(store, `p${n}`);
  store.close();
  return dataDir;
}

function write(store: Store, id: string): void {
  const [timeoutAt, createdAt] = [Date.now() + DAY, Date.now()];
  const row = {
    id,
    state: "pending",
    param: {},
    value: {},
    tags: {},
    timeoutAt,
    createdAt,
    settledAt: null,
  } as const;
  store.begin();
  store.write([{ kind: "promise.insert", row }]);
  store.commit();
}

function idsIn(dataDir: string): string[] {
  const db = openLeftBehind(dataDir);
  const rows = db.prepare("SELECT id FROM promises ORDER BY n").all();
  db.close();
  return rows.map((row) => String(row["id"]));
}

test("an engine that died before its checkpoint has everything the next time, and the time after", async () => {
  const dataDir = leftBehind(3);
  const file = join(dataDir, "engine.db");
  expect(examine(file, Date.now())).toMatchObject({ inJournal: 3, promises: {}, findings: [] });
  // Died again and again, before its checkpoint each time.
  for (const id of ["p4", "p5"]) {
    const store = new Store(openDatabase(file), openJournal(journalFileOf(file)));
    write(store, id);
    store.close();
  }
  expect(idsIn(dataDir)).toEqual(["p1", "p2", "p3", "p4", "p5"]);
  const engine = testEngine({ dataDir });
  for (let n = 1; n <= 5; n += 1)
    expect((await ask(engine, request("promise.get", { id: `p${n}` }))).status).toBe(200);
  await engine.close();
  expect(examine(file, Date.now())).toMatchObject({ inJournal: 0, promises: { pending: 5 }, findings: [] });
});

test("the second half of a journal, torn off by a crash, was never acknowledged: the engine goes on before it", async () => {
  const dataDir = leftBehind(3);
  const journal = journalFileOf(join(dataDir, "engine.db"));
  truncateSync(journal, statSync(journal).size - 1);
  appendFileSync(journal, "what the disk had there");
  const engine = testEngine({ dataDir });
  expect((await ask(engine, request("promise.get", { id: "p2" }))).status).toBe(200);
  expect((await ask(engine, request("promise.get", { id: "p3" }))).status).toBe(404);
  expect((await ask(engine, create("p3", Date.now() + DAY))).status).toBe(200);
  await engine.close();
  expect(idsIn(dataDir)).toEqual(["p1", "p2", "p3"]);
});

test("a journal beside another database is refused, in words, and doctor says so", () => {
  const dataDir = leftBehind(0);
  const file = join(dataDir, "engine.db");
  journalOf(journalFileOf(file), record(7)).close();
  const said = "its journal starts at transaction 7, but its database ends at 0: they do not belong together";
  expect(() => openEngine({ dataDir })).toThrow(said);
  expect(examine(file, Date.now()).findings).toEqual([
    { level: "broken", what: expect.stringContaining(said), ids: [] },
  ]);
});

import { expect, onTestFinished, test } from "vitest";
import { MEMORY, openDatabase } from "../../../../src/engine/store/database.ts";
import { type Journal, keepJournal } from "../../../../src/engine/store/journal.ts";
import { Store } from "../../../../src/engine/store/store.ts";
import { promiseRow } from "../../../support/engine-rows.ts";

const DEADLINE = 1_000;

function storeOn(journal: Journal = keepJournal()) {
  const db = openDatabase(MEMORY);
  const store = new Store(db, journal);
  onTestFinished(() => store.close());
  return { db, store };
}

function insert(store: Store, id: string): void {
  store.begin();
  store.write([{ kind: "promise.insert", row: promiseRow(id, { timeoutAt: DEADLINE }) }]);
}

test("rollback() takes back the transaction that has begun, in the file and in memory, and none before it", () => {
  const { db, store } = storeOn();
  insert(store, "kept");
  store.commit();
  insert(store, "undone");
  expect(store.view.promise("undone")).toMatchObject({ id: "undone" });
  store.rollback();
  expect(store.view.promise("undone")).toBeUndefined();
  expect(store.view.promise("kept")).toMatchObject({ id: "kept" });
  expect(db.prepare("SELECT id FROM promises").all()).toEqual([{ id: "kept" }]);
});

test("commit() writes what the transaction changed to the journal, in order, under the next number", () => {
  const records: Parameters<Journal["append"]>[0][] = [];
  const { store } = storeOn(keepJournal(records));
  for (const id of ["a", "b"]) {
    insert(store, id);
    store.write([{ kind: "listener.add", promiseId: id, address: "poll://uni@g/p" }]);
    store.commit();
  }
  expect(records.map(({ number, changes }) => [number, ...changes.map(({ kind }) => kind)])).toEqual([
    [1, "promise.insert", "listener.add"],
    [2, "promise.insert", "listener.add"],
  ]);
});

test("commit() of a transaction that changed nothing leaves the journal alone", () => {
  const records: Parameters<Journal["append"]>[0][] = [];
  const { store } = storeOn(keepJournal(records));
  store.begin();
  store.commit();
  expect(records).toEqual([]);
});

test("a commit that fails and is rolled back leaves its number to the next one", () => {
  const records: Parameters<Journal["append"]>[0][] = [];
  const disk = { isFull: false };
  const { store } = storeOn({
    ...keepJournal(records),
    append: (record) => {
      if (disk.isFull) throw new Error("disk full");
      records.push(record);
    },
  });
  insert(store, "a");
  store.commit();
  disk.isFull = true;
  insert(store, "b");
  expect(() => store.commit()).toThrow("disk full");
  store.rollback();
  disk.isFull = false;
  insert(store, "c");
  store.commit();
  expect(records.map(({ number }) => number)).toEqual([1, 2]);
  expect(["a", "b", "c"].map((id) => store.view.promise(id)?.id)).toEqual(["a", undefined, "c"]);
});

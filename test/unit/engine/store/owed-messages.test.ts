import { expect, onTestFinished, test } from "vitest";
import { MEMORY, openDatabase } from "../../../../src/engine/store/database.ts";
import { Store } from "../../../../src/engine/store/store.ts";
import { promiseRow } from "../../../support/engine-rows.ts";

const ADDRESS = "poll://uni@group/one";

/** Promises `p1`, `p2`, `p3` have ended, at 1, 2 and 3, and the address is to be told of each. */
function storeThatOwes(): Store {
  const store = new Store(openDatabase(MEMORY));
  onTestFinished(() => store.close());
  store.begin();
  for (const at of [1, 2, 3]) {
    const row = promiseRow(`p${at}`);
    store.write([
      { kind: "promise.insert", row },
      { kind: "listener.add", promiseId: row.id, address: ADDRESS },
      { kind: "promise.settle", row: { ...row, state: "resolved", settledAt: at } },
      { kind: "listeners.notify", promiseId: row.id, at },
    ]);
  }
  return store;
}

function idsOwedTo(store: Store, address: string, after = "", limit = 10): string[] {
  return store.owed.to(address, after, limit).map(({ id }) => id);
}

test("to() pages through what an address is still to be told of", () => {
  const store = storeThatOwes();
  expect(idsOwedTo(store, ADDRESS, "", 2)).toEqual(["p1", "p2"]);
  expect(idsOwedTo(store, ADDRESS, "p2")).toEqual(["p3"]);
  expect(idsOwedTo(store, "poll://uni@group/two")).toEqual([]);
});

test("settle() strikes out what was handed over, and nothing else", () => {
  const store = storeThatOwes();
  store.owed.settle([
    { address: ADDRESS, promiseId: "p2" },
    { address: "poll://uni@group/two", promiseId: "p1" },
  ]);
  expect(idsOwedTo(store, ADDRESS)).toEqual(["p1", "p3"]);
});

test("dropBefore() gives up on what is owed since before a time", () => {
  const store = storeThatOwes();
  store.owed.dropBefore(3);
  expect(idsOwedTo(store, ADDRESS)).toEqual(["p3"]);
});

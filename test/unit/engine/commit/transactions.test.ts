import { expect, onTestFinished, test } from "vitest";
import { SYSTEM_CLOCK } from "../../../../src/engine/clock.ts";
import { groupCommit } from "../../../../src/engine/commit/group-commit.ts";
import type { Outgoing, Transition } from "../../../../src/engine/decide/state.ts";
import { SILENT } from "../../../../src/engine/log.ts";
import { MEMORY, openDatabase } from "../../../../src/engine/store/database.ts";
import { type Journal, keepJournal } from "../../../../src/engine/store/journal.ts";
import { Store } from "../../../../src/engine/store/store.ts";
import { promiseRow } from "../../../support/engine-rows.ts";

/** The parts around a turn, and all that happened, in its order. */
function world() {
  const happened: string[] = [];
  const disk = { isFull: false };
  const kept = keepJournal();
  const journal: Journal = {
    ...kept,
    append: (record) => {
      if (disk.isFull) throw new Error("disk full");
      happened.push(`journal ${record.number}: ${record.changes.length}`);
      kept.append(record);
    },
  };
  const store = new Store(openDatabase(MEMORY), journal);
  const messenger = {
    send: (messages: readonly Outgoing[]) => void happened.push(`send ${messages.length}`),
    taskChanged: () => undefined,
    isReachable: () => true,
    handOutAgain: () => void happened.push("hand out once more"),
    reset: () => undefined,
  };
  const commit = groupCommit({ store, clock: SYSTEM_CLOCK, log: SILENT, messenger });
  onTestFinished(() => {
    commit.close();
    store.close();
  });
  return { ...commit, store, disk, happened };
}

function creates(id: string): Transition {
  const message = { kind: "execute", head: {}, data: { task: { id, version: 0 } } } as const;
  return {
    changes: [{ kind: "promise.insert", row: promiseRow(id) }],
    messages: [{ address: "poll://any@worker", message }],
  };
}

test("run() makes one journal record of a turn, and releases its messages after that", () => {
  const { transactions, store, happened } = world();
  transactions.run((write) => {
    write(creates("a"));
    // What is written is read at once, though it is not on disk.
    expect(store.view.promise("a")).toMatchObject({ id: "a" });
    write(creates("b"));
    expect(happened).toEqual([]);
  });
  expect(happened).toEqual(["journal 1: 2", "send 1", "send 1"]);
});

test("run() of a turn that changes nothing writes nothing and releases nothing", () => {
  const { transactions, stats, happened } = world();
  transactions.run((write) => write({ changes: [], messages: [] }));
  expect([happened, stats.commits]).toEqual([[], 0]);
});

test.each([
  ["cannot be computed", false],
  ["cannot be written", true],
])("run() of a turn that %s throws, keeps nothing and releases nothing", (_, isFull) => {
  const { transactions, store, disk, stats, happened } = world();
  transactions.run((write) => write(creates("before")));
  happened.length = 0;
  disk.isFull = isFull;
  const run = () =>
    transactions.run((write) => {
      write(creates("a"));
      if (!isFull) throw new Error("a fault in computing");
    });
  expect(run).toThrow(isFull ? "disk full" : "a fault in computing");
  expect([happened, stats.commits]).toEqual([[], 1]);
  expect(["before", "a"].map((id) => store.view.promise(id)?.id)).toEqual(["before", undefined]);
});

test("what was paid is written together with the next change, and after a failure with the one after that", () => {
  const { transactions, debts, store, disk } = world();
  const row = promiseRow("a");
  const address = "poll://uni@worker/one";
  transactions.run((write) =>
    write({
      changes: [
        { kind: "promise.insert", row },
        { kind: "listener.add", promiseId: "a", address },
        { kind: "promise.settle", row: { ...row, state: "resolved", settledAt: 1 } },
        { kind: "listeners.notify", promiseId: "a", at: 1 },
      ],
      messages: [],
    }),
  );
  const owed = () => store.owed.to(address, "", 10).map(({ id }) => id);
  debts.pay({ address, promiseId: "a" });
  expect(owed()).toEqual(["a"]);
  disk.isFull = true;
  expect(() => transactions.run((write) => write(creates("b")))).toThrow("disk full");
  expect(owed()).toEqual(["a"]);
  disk.isFull = false;
  transactions.run((write) => write(creates("c")));
  expect(owed()).toEqual([]);
});

import { expect, onTestFinished, test } from "vitest";
import { MEMORY, openDatabase } from "../../../../src/engine/store/database.ts";
import { Store } from "../../../../src/engine/store/store.ts";
import { promiseRow, taskRow } from "../../../support/engine-rows.ts";

const EXTERNAL = { "resonate:external": "true" };

function emptyStore(): Store {
  const store = new Store(openDatabase(MEMORY));
  onTestFinished(() => store.close());
  return store;
}

test("duePromises() names external promises at or past their deadline, the oldest first, up to a limit", () => {
  const store = emptyStore();
  const rows = [
    promiseRow("later", { timeoutAt: 31, tags: EXTERNAL }),
    promiseRow("second", { timeoutAt: 30, tags: EXTERNAL }),
    promiseRow("first", { timeoutAt: 10, tags: EXTERNAL }),
    promiseRow("inner", { timeoutAt: 10 }),
  ];
  store.begin();
  store.write(rows.map((row) => ({ kind: "promise.insert", row })));
  expect(store.agenda.duePromises(30, 10)).toEqual(["first", "second"]);
  expect(store.agenda.duePromises(30, 1)).toEqual(["first"]);
  expect(store.agenda.nextDueAt()).toBe(10);
});

test("nextDueAt() answers the earliest of promises, tasks and schedules, and undefined for never", () => {
  const store = emptyStore();
  expect(store.agenda.nextDueAt()).toBeUndefined();
  store.begin();
  store.write([
    { kind: "promise.insert", row: promiseRow("a", { timeoutAt: 30, tags: EXTERNAL }) },
    { kind: "task.insert", row: taskRow("a", { dueAt: 20 }) },
  ]);
  expect(store.agenda.nextDueAt()).toBe(20);
  expect(store.agenda.dueTasks(19, 10)).toEqual([]);
  expect(store.agenda.dueTasks(20, 10)).toEqual(["a"]);
});

test("pendingTasks() pages through the tasks of one group in the order in which they came", () => {
  const store = emptyStore();
  store.begin();
  for (const [id, more] of [
    ["z", {}],
    ["other", { group: "other", target: "poll://any@other" }],
    ["held", { state: "acquired", pid: "p", ttl: 1 }],
    ["a", {}],
  ] as const) {
    store.write([
      { kind: "promise.insert", row: promiseRow(id) },
      { kind: "task.insert", row: taskRow(id, more) },
    ]);
  }
  const page = (after: string, limit: number) =>
    store.agenda.pendingTasks("worker", after, limit).map(({ id }) => id);
  expect([page("", 1), page("z", 10), page("a", 10)]).toEqual([["z"], ["a"], []]);
});

test("localLeases() names tasks that are held through the network of a process", () => {
  const store = emptyStore();
  store.begin();
  for (const [id, local] of [
    ["here", true],
    ["there", false],
  ] as const) {
    store.write([
      { kind: "promise.insert", row: promiseRow(id) },
      { kind: "task.insert", row: taskRow(id, { state: "acquired", pid: "p", ttl: 1, local }) },
    ]);
  }
  expect(store.agenda.localLeases()).toEqual(["here"]);
});

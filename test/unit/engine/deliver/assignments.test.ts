import { expect, test } from "vitest";
import { Assignments } from "../../../../src/engine/deliver/assignments.ts";
import { Worker } from "../../../../src/engine/deliver/group.ts";
import { taskRow } from "../../../support/engine-rows.ts";

const NOW = 1_000;

function workerNamed(pid: string): Worker {
  return new Worker({ group: "worker", pid, deliver: () => true, replaced: () => undefined });
}

test("a task that is acquired makes room at the worker that it was handed to", () => {
  const assignments = new Assignments();
  const worker = workerNamed("p1");
  assignments.hand("a", 0, worker, NOW);
  expect([assignments.workerOf("a"), [...worker.handed.keys()]]).toEqual([worker, ["a"]]);
  expect(assignments.taskChanged(taskRow("a", { version: 0, dueAt: 5 }), NOW)).toBeUndefined();
  expect(assignments.isHanded("a", 0)).toBe(true);
  expect(assignments.taskChanged(taskRow("a", { state: "acquired", version: 1, pid: "p1" }), NOW)).toBe(
    worker,
  );
  expect([assignments.workerOf("a"), [...worker.handed.keys()]]).toEqual([undefined, []]);
});

test("a task that is handed to another worker is the first one's no more", () => {
  const assignments = new Assignments();
  const [first, second] = [workerNamed("p1"), workerNamed("p2")];
  assignments.hand("a", 0, first, NOW);
  assignments.hand("a", 1, second, NOW);
  expect([[...first.handed.keys()], [...second.handed.keys()]]).toEqual([[], ["a"]]);
  expect([assignments.isHanded("a", 0), assignments.isHanded("a", 1)]).toEqual([false, true]);
});

test("othersFirst() puts the last holder of a pending task at the end, until the task ends", () => {
  const assignments = new Assignments();
  const workers = ["p1", "p2", "p3"].map(workerNamed);
  const order = () => assignments.othersFirst(workers, "a").map(({ connection }) => connection.pid);
  assignments.taskChanged(taskRow("a", { state: "acquired", version: 1, pid: "p1" }), NOW);
  assignments.taskChanged(taskRow("a", { version: 1 }), NOW);
  expect(order()).toEqual(["p2", "p3", "p1"]);
  assignments.taskChanged(taskRow("a", { state: "fulfilled", version: 1 }), NOW);
  expect(order()).toEqual(["p1", "p2", "p3"]);
});

test("takeFrom() takes back all that a worker has not acquired, and forgetHanded() what all have not", () => {
  const assignments = new Assignments();
  const [first, second] = [workerNamed("p1"), workerNamed("p2")];
  for (const id of ["a", "b"]) assignments.hand(id, 0, first, NOW);
  for (const id of ["c", "d"]) assignments.hand(id, 0, second, NOW);
  expect(assignments.takeFrom(first)).toEqual(["a", "b"]);
  expect([first.handed.size, assignments.workerOf("a"), assignments.workerOf("c")]).toEqual([
    0,
    undefined,
    second,
  ]);
  assignments.forgetHanded();
  expect([second.handed.size, assignments.workerOf("c")]).toEqual([0, undefined]);
});

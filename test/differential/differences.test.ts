import { describe, expect, test } from "vitest";
import {
  acquire,
  create,
  type Envelope,
  latentTags,
  request,
  rootTags,
  settle,
  stepTags,
  suspend,
  TARGET,
} from "../support/engine-requests.ts";
import { World } from "../support/engine-world.ts";
import { INTENDED_DIFFERENCES } from "./differences.ts";
import { Oracle } from "./oracle.ts";

const T = 1_000_000;
const DAY = 86_400_000;

/** Both servers after the same requests, and how to ask both the next one. */
function both(...past: [number, Envelope][]) {
  const world = new World();
  const oracle = new Oracle();
  const ask = (now: number, envelope: Envelope) => {
    const theirs = oracle.step(now, envelope);
    return {
      ours: world.step(now, envelope),
      theirs,
    };
  };
  const tick = (now: number) => ({
    ours: world.tick(now),
    theirs: oracle.step(now, request("debug.tick", { time: now })).messages,
  });
  for (const [now, envelope] of past) ask(now, envelope);
  return { ask, tick };
}

const held: [number, Envelope][] = [
  [T, create("a", T + DAY, rootTags("a"))],
  [T, acquire("a", 0, 1_000)],
];
const everyMinute = request("schedule.create", {
  id: "s",
  cron: "* * * * *",
  promiseId: "{{.id}}-{{.timestamp}}",
  promiseTimeout: DAY,
  promiseParam: {},
  promiseTags: { "resonate:target": TARGET },
});
const waiting: [number, Envelope][] = [
  [T, create("a", T + 50, rootTags("a"))],
  [T, create("a:0", T + 30, latentTags("a:0", "a"))],
  [T, acquire("a", 0, DAY)],
  [T, suspend("a", 1, ["a:0"])],
];

const PROOFS: Record<(typeof INTENDED_DIFFERENCES)[number], () => void> = {
  "deadlines of external promises without a target are kept by the clock": () => {
    const { tick } = both(...waiting);
    const { ours, theirs } = tick(T + 30);
    expect(ours).toMatchObject([{ message: { kind: "execute" } }]);
    expect(theirs).toEqual([]);
  },
  "a waiting workflow past its own deadline times out instead of being woken": () => {
    const { ask } = both(...waiting);
    const { ours, theirs } = ask(T + 60, request("promise.get", { id: "a:0" }));
    expect(ours.messages).toEqual([]);
    expect(theirs.messages).toMatchObject([{ message: { kind: "execute" } }]);
  },
  "the task of a timer is never handed out": () => {
    const { ask, tick } = both();
    const { ours, theirs } = ask(T, create("a", T + DAY, rootTags("a", { "resonate:timer": "true" })));
    expect([ours.messages.length, theirs.messages.length]).toEqual([0, 1]);
    const later = tick(T + 30_000);
    expect([later.ours.length, later.theirs.length]).toEqual([0, 1]);
  },
  "a released task is handed out again after a growing delay": () => {
    const { ask, tick } = both(...held);
    const { ours, theirs } = ask(T, request("task.release", { id: "a", version: 1 }));
    expect([ours.messages.length, theirs.messages.length]).toEqual([0, 1]);
    expect(tick(T + 100).ours).toMatchObject([{ message: { kind: "execute" } }]);
  },
  "a task whose worker is lost again is handed out after a growing delay": () => {
    const { ask, tick } = both(...held);
    const first = tick(T + 1_000);
    expect([first.ours.length, first.theirs.length]).toEqual([1, 1]);
    ask(T + 1_000, acquire("a", 1, 1_000));
    const second = tick(T + 2_000);
    expect([second.ours.length, second.theirs.length]).toEqual([0, 1]);
    expect(tick(T + 2_999).ours).toEqual([]);
    expect(tick(T + 3_000).ours).toMatchObject([{ message: { kind: "execute" } }]);
  },
  "a task that is released fifty times in a row is halted": () => {
    const { ask } = both([T, create("a", T + DAY, rootTags("a"))]);
    for (let turn = 0; turn < 50; turn += 1) {
      expect(ask(T, request("task.get", { id: "a" })).ours.data).toMatchObject({
        task: { state: "pending" },
      });
      ask(T, acquire("a", turn));
      ask(T, request("task.release", { id: "a", version: turn + 1 }));
    }
    const { ours, theirs } = ask(T, request("task.get", { id: "a" }));
    expect([ours.data, theirs.data]).toMatchObject([
      { task: { state: "halted" } },
      { task: { state: "pending" } },
    ]);
    ask(T, request("task.continue", { id: "a" }));
    expect(ask(T, acquire("a", 50)).ours.status).toBe(200);
  },
  "children are preloaded, not only what shares the branch": () => {
    const { ask } = both(
      [T, create("a", T + DAY, rootTags("a"))],
      [T, create("a:0", T + DAY, latentTags("a:0", "a"))],
    );
    const { ours, theirs } = ask(T, acquire("a", 0));
    expect(ours.data).toMatchObject({ preload: [{ id: "a:0" }] });
    expect(theirs.data).toMatchObject({ preload: [] });
  },
  "a callback on an inner step is refused": () => {
    const { ask } = both(...held, [T, create("a:0", T + DAY, stepTags("a:0", "a"))]);
    const { ours, theirs } = ask(T, request("promise.register_callback", { awaited: "a:0", awaiter: "a" }));
    expect([ours.status, theirs.status]).toEqual([422, 200]);
  },
  "suspending on an inner step is refused": () => {
    const { ask } = both(...held, [T, create("a:0", T + DAY, stepTags("a:0", "a"))]);
    const { ours, theirs } = ask(T, suspend("a", 1, ["a:0"]));
    expect([ours.status, theirs.status]).toEqual([422, 200]);
  },
  "a refused suspension is told in a sentence": () => {
    const { ask } = both(...held);
    const { ours, theirs } = ask(T, suspend("a", 1, ["a:0"]));
    expect(ours).toMatchObject({ status: 422, data: { error: "Promise a:0 not found" } });
    expect(theirs).toMatchObject({ status: 422, data: {} });
  },
  "resumes are counted, not listed": () => {
    const { ask } = both(...waiting, [T, settle("a:0")]);
    const { ours, theirs } = ask(T, request("task.get", { id: "a" }));
    expect(ours.data).toMatchObject({ task: { resumes: 1 } });
    expect(theirs.data).toMatchObject({ task: { resumes: ["a:0"] } });
  },
  "promises, tasks and schedules are searched": () => {
    const { ask } = both(...held);
    for (const kind of ["promise.search", "schedule.search"]) {
      const { ours, theirs } = ask(T, request(kind, {}));
      expect([ours.status, theirs.status]).toEqual([200, 501]);
    }
    expect(new World().step(T, request("task.search", {})).status).toBe(200);
  },
  "a snapshot has the messages that are still to be sent, not all that ever were": () => {
    const { ask } = both(...held);
    const { ours, theirs } = ask(T, request("debug.snap", {}));
    expect(ours.data["messages"]).toEqual([]);
    expect(theirs.data["messages"]).toMatchObject([{ message: { kind: "execute" } }]);
  },
  "all missed occurrences of a schedule are made up for at once": () => {
    const { tick } = both([T, everyMinute]);
    const { ours, theirs } = tick(T + 300_000);
    expect([ours.length, theirs.length]).toEqual([5, 1]);
  },
  "promises of a schedule have a lineage of their own": () => {
    const { ask, tick } = both([T, everyMinute]);
    tick(T + 60_000);
    const { ours, theirs } = ask(T + 60_000, request("promise.get", { id: "s-1020000" }));
    const tags = { "resonate:target": TARGET, "resonate:schedule": "s" };
    const lineage = {
      "resonate:origin": "s-1020000",
      "resonate:branch": "s-1020000",
      "resonate:parent": "s-1020000",
    };
    expect(ours.data["promise"]).toMatchObject({ tags: { ...tags, ...lineage } });
    expect((theirs.data["promise"] as { tags: object }).tags).toEqual(tags);
  },
  "shapes, lineage, origin, version and address are checked": () => {
    for (const envelope of [
      create("", T + DAY),
      create("a", -1),
      create("b:0", T + DAY, { "resonate:parent": "a" }),
      create("a", T + DAY, { "resonate:target": "nowhere" }),
      { ...create("a", T + DAY), head: { corrId: "c", version: "2020-01-01" } },
    ]) {
      const { ours, theirs } = both().ask(T, envelope);
      expect([ours.status, theirs.status]).toEqual([400, 200]);
    }
  },
};

describe("the engine differs from LocalNetwork", () => {
  test.each(INTENDED_DIFFERENCES)("%s", (difference) => PROOFS[difference]());
});

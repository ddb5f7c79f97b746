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
import type { Random } from "../support/seeds.ts";
import type { Step } from "./comparison.ts";
import { isAwaitable } from "./differences.ts";
import type { Oracle } from "./oracle.ts";

/** Every kind that takes part; a run that leaves one without a success has proven too little. */
export const KINDS = [
  "promise.get",
  "promise.create",
  "promise.settle",
  "promise.register_callback",
  "promise.register_listener",
  "promise.search",
  "task.get",
  "task.create",
  "task.acquire",
  "task.release",
  "task.suspend",
  "task.fulfill",
  "task.fence",
  "task.heartbeat",
  "task.halt",
  "task.continue",
  "task.search",
  "schedule.get",
  "schedule.create",
  "schedule.delete",
  "schedule.search",
  "debug.snap",
] as const;

/** What both are asked besides, at each step or at the beginning of each world. */
export const OTHER_KINDS = ["debug.start", "debug.stop", "debug.reset", "debug.tick"];

/** Kinds that need others before them, and that carry most of the rules. */
const HARD_TO_REACH = [
  "promise.create",
  "task.acquire",
  "task.acquire",
  "task.suspend",
  "task.suspend",
  "task.fence",
  "task.fence",
  "task.create",
] as const satisfies (typeof KINDS)[number][];

const ROOTS = ["a", "b"];
/** Position of a function that the workflow calls within its own branch: never a task. */
const CALLED = 7;
const IDS = ROOTS.flatMap((root) => [
  root,
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `${root}:${n}`),
  ...[0, 1, 2].map((n) => `${root}:0.${n}`),
  ...[0, 1].map((n) => `${root}:${CALLED}.${n}`),
]);
const STATES = ["resolved", "rejected", "rejected_canceled"];
const TASK_STATES = ["pending", "acquired", "suspended", "halted", "fulfilled"];
const PIDS = ["p1", "p2"];
const SCHEDULES = ["s", "t"];
/** The oracle knows 5 and 6 fields. */
const CRONS = ["* * * * *", "*/20 * * * * *", "15,45 */2 * * * *", "0 9 * * MON-FRI", "@hourly"];

/** The next step, at a time at or after `now`. What is searched for is what there is once the clock has been heard. */
export function nextStep(random: Random, oracle: Oracle, now: number): Step {
  const at = now + nextPause(random);
  const envelope = nextOperation(random, oracle, at);
  const isHeard = random.chance(0.7) || envelope.kind.endsWith(".search");
  return { at, isHeard, envelope };
}

/**
 * A request that the rules of shape allow, on few ids, so that requests meet; mostly one that can succeed, sometimes
 * one that is late, at the wrong version or about nothing. It stays clear of the intended differences.
 */
function nextOperation(random: Random, oracle: Oracle, now: number): Envelope {
  const kind = random.pick(random.chance(0.5) ? HARD_TO_REACH : KINDS);
  const id = random.pick(IDS);
  switch (kind) {
    case "promise.get":
    case "task.get":
    case "task.halt":
      return request(kind, { id: kind === "promise.get" ? id : taskId(random, oracle, id) });
    case "task.continue":
      return request(kind, { id: taskId(random, oracle, id, "halted") });
    case "promise.create":
      return newPromise(random, id, now);
    case "promise.settle":
      return settle(pendingId(random, oracle, id), random.pick(STATES));
    case "promise.register_callback": {
      const awaiter = taskId(random, oracle, id);
      const others = relatives(awaiter).filter((other) => other !== awaiter);
      if (others.length === 0) return request("promise.get", { id: awaiter });
      const known = others.filter((other) => oracle.get(other) !== undefined);
      const awaited = random.pick(known.length > 0 && random.chance(0.9) ? known : others);
      return request(kind, { awaited, awaiter });
    }
    case "promise.register_listener":
      return request(kind, {
        awaited: pendingId(random, oracle, id),
        address: `poll://uni@gateway/${random.pick(PIDS)}`,
      });
    case "task.create": {
      if (isCalled(id)) return request("task.get", { id });
      const { data, ...rest } = create(id, deadline(random, now), targeted(random, id));
      return request(kind, { pid: random.pick(PIDS), ttl: ttl(random), action: { ...rest, data } });
    }
    case "task.acquire": {
      const task = taskId(random, oracle, id, "pending");
      return acquire(task, version(random, oracle, task), ttl(random), random.pick(PIDS));
    }
    case "task.release": {
      const task = taskId(random, oracle, id, "acquired");
      return request(kind, { id: task, version: version(random, oracle, task) });
    }
    case "task.suspend": {
      const task = taskId(random, oracle, id, "acquired");
      const known = relatives(task).filter((other) => oracle.get(other) !== undefined || random.chance(0.05));
      const others = known.filter((other) => other !== task && isAwaitable(oracle, other));
      // Mostly a true wait; any that has settled makes it none.
      const isTrueWait = random.chance(0.7);
      const awaited = others.filter(
        (other) => random.chance(0.4) && (!isTrueWait || oracle.get(other)?.state === "pending"),
      );
      if (awaited.length === 0) return request("task.get", { id: task });
      return suspend(task, version(random, oracle, task), awaited);
    }
    case "task.fulfill": {
      const task = taskId(random, oracle, id, "acquired");
      const action = settle(task, random.pick(STATES));
      return request(kind, { id: task, version: version(random, oracle, task), action });
    }
    case "task.fence": {
      const task = taskId(random, oracle, id, "acquired");
      const others = relatives(task).filter((each) => each !== task);
      if (others.length === 0) return request("task.get", { id: task });
      const other = random.pick(others);
      const action = random.chance(0.6) ? newPromise(random, other, now) : settle(other);
      return request(kind, { id: task, version: version(random, oracle, task), action });
    }
    case "schedule.get":
    case "schedule.delete":
      return request(kind, { id: random.pick(SCHEDULES) });
    case "schedule.create":
      return request(kind, {
        id: random.pick(SCHEDULES),
        cron: random.pick(CRONS),
        promiseId: random.pick(["{{.id}}-{{.timestamp}}", "{{.id}}.{{.timestamp}}.{{.id}}", "{{.id}}"]),
        promiseTimeout: random.pick([0, 1_000, 200_000, 2_000_000]),
        promiseParam: { headers: {}, data: "cGFyYW0=" },
        promiseTags: { "resonate:target": TARGET, app: "scheduled" },
      });
    case "promise.search":
      return request(kind, {
        ...page(random, id),
        tags: random.pick([{}, { "resonate:origin": "a" }, { "resonate:origin": "b" }, { app: "own" }]),
        ...(random.chance(0.6) && { state: random.pick(["pending", "rejected_timedout", ...STATES]) }),
      });
    case "task.search":
      return request(kind, {
        ...page(random, id),
        ...(random.chance(0.6) && { state: random.pick(TASK_STATES) }),
      });
    case "schedule.search":
      return request(kind, {
        ...page(random, random.pick(SCHEDULES)),
        tags: random.pick([{}, { app: "scheduled" }, { app: "own" }]),
      });
    case "debug.snap":
      return request(kind, {});
    case "task.heartbeat": {
      const tasks = IDS.filter(() => random.chance(0.3)).map((each) => ({
        id: each,
        version: version(random, oracle, each),
      }));
      return request(kind, { pid: random.pick(PIDS), tasks });
    }
  }
}

/** How far time moves before the next operation: mostly a little, sometimes past deadlines, leases and retries. */
function nextPause(random: Random): number {
  if (random.chance(0.9)) return random.pick([0, 0, 1, 5, 10]);
  return random.pick([200, 200, 200, 1_000, 1_000, 1_000, 11_000, 31_000]);
}

function page(random: Random, id: string): { limit?: number; cursor?: string } {
  return {
    ...(random.chance(0.7) && { limit: random.pick([1, 3, 1000]) }),
    ...(random.chance(0.3) && { cursor: id }),
  };
}

function newPromise(random: Random, id: string, now: number): Envelope {
  const timeoutAt = deadline(random, now);
  if (isCalled(id)) {
    const [root = id] = id.split(":");
    return create(id, timeoutAt, stepTags(id, id.includes(".") ? `${root}:${CALLED}` : root, root));
  }
  const parent = random.pick(ancestors(id));
  const kind = random.below(8);
  if (kind <= 1 || !id.includes(":")) {
    const delay = now + random.below(5_000);
    const isDelayed = random.chance(0.2) && delay < timeoutAt;
    const tags = targeted(random, id);
    return create(id, timeoutAt, isDelayed ? { ...tags, "resonate:delay": `${delay}` } : tags);
  }
  if (kind === 2) return create(id, timeoutAt, stepTags(id, parent));
  if (kind === 3) return create(id, timeoutAt, { app: "own" });
  if (kind === 4) return create(id, timeoutAt, latentTags(id, parent, { "resonate:timer": "true" }));
  return create(id, timeoutAt, latentTags(id, parent));
}

function isCalled(id: string): boolean {
  return id.split(":")[1]?.startsWith(`${CALLED}`) === true;
}

function targeted(random: Random, id: string): Record<string, string> {
  const target = random.pick([TARGET, `${TARGET}/p1`, "poll://any@other"]);
  const tags = rootTags(id, {
    "resonate:target": target,
    "resonate:origin": id.split(":")[0] ?? id,
    "resonate:parent": random.pick(ancestors(id)),
  });
  return random.chance(0.1) ? { ...tags, "resonate:timer": "true" } : tags;
}

function deadline(random: Random, now: number): number {
  return Math.max(0, now + random.pick([-5, 0, 50, 1_000, 40_000, 200_000, 2_000_000, 2_000_000, 2_000_000]));
}

function ttl(random: Random): number {
  return random.pick([50, 1_000, 20_000, 100_000]);
}

function relatives(id: string): string[] {
  const root = id.split(":")[0] ?? id;
  return IDS.filter((other) => other === root || other.startsWith(`${root}:`));
}

/** The id itself and what it lies below. */
function ancestors(id: string): string[] {
  return relatives(id).filter(
    (other) => other === id || id.startsWith(`${other}${other.includes(":") ? "." : ":"}`),
  );
}

/** Mostly a task that exists, in that state if there is one; else `id`. */
function taskId(random: Random, oracle: Oracle, id: string, state?: string): string {
  if (random.chance(0.1)) return id;
  const tasks = [...oracle.server.tasks.values()];
  const fitting = tasks.filter((task) => state === undefined || task.state === state);
  if (fitting.length > 0) return random.pick(fitting).id;
  return tasks.length > 0 ? random.pick(tasks).id : id;
}

/** Mostly a promise that can still be waited for; else `id`. */
function pendingId(random: Random, oracle: Oracle, id: string): string {
  const pending = [...oracle.server.promises.values()].filter(({ state }) => state === "pending");
  return pending.length > 0 && random.chance(0.8) ? random.pick(pending).id : id;
}

function version(random: Random, oracle: Oracle, id: string): number {
  const current = oracle.server.tasks.get(id)?.version ?? 0;
  return random.chance(0.1) ? current + 1 : current;
}

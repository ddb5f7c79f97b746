import * as read from "./fields.ts";
import { originOf } from "./ids.ts";
import { parseCreate, parseSettle } from "./parse-promise.ts";
import { TASK_STATES } from "./records.ts";
import type { Request, TaskFenceData, TaskRef } from "./requests.ts";
import { TAG } from "./tags.ts";

type TaskKind = Extract<Request["kind"], `task.${string}`>;

export const TASK_PARSERS: {
  readonly [K in TaskKind]: (data: read.Fields) => Extract<Request, { kind: K }>;
} = {
  "task.get": (data) => ({ kind: "task.get", data: { id: read.id(data["id"], "data.id") } }),
  "task.halt": (data) => ({ kind: "task.halt", data: { id: read.id(data["id"], "data.id") } }),
  "task.continue": (data) => ({ kind: "task.continue", data: { id: read.id(data["id"], "data.id") } }),
  "task.release": (data) => ({ kind: "task.release", data: taskRef(data, "data") }),
  "task.acquire": (data) => ({
    kind: "task.acquire",
    data: { ...taskRef(data, "data"), ...lease(data) },
  }),
  "task.create": (data) => {
    const promise = parseCreate(action(data["action"], "data.action", ["promise.create"]).data, ACTION);
    if (promise.tags[TAG.target] === undefined) {
      throw new read.Malformed(`${ACTION}.tags must have a ${TAG.target} tag`);
    }
    if (promise.tags[TAG.delay] !== undefined) {
      throw new read.Malformed(`${ACTION}.tags must not have a ${TAG.delay} tag: the task starts acquired`);
    }
    return { kind: "task.create", data: { ...lease(data), promise } };
  },
  "task.suspend": (data) => {
    const ref = taskRef(data, "data");
    return { kind: "task.suspend", data: { ...ref, awaited: awaitedIds(data["actions"], ref.id) } };
  },
  "task.fulfill": (data) => {
    const ref = taskRef(data, "data");
    const settle = parseSettle(action(data["action"], "data.action", ["promise.settle"]).data, ACTION);
    if (settle.id !== ref.id) throw new read.Malformed(`${ACTION}.id must be the task's id`);
    return { kind: "task.fulfill", data: { ...ref, settle } };
  },
  "task.fence": (data) => ({
    kind: "task.fence",
    data: { ...taskRef(data, "data"), action: fencedAction(data) },
  }),
  "task.heartbeat": (data) => ({
    kind: "task.heartbeat",
    data: {
      pid: read.nonEmpty(data["pid"], "data.pid"),
      tasks: read
        .list(data["tasks"], "data.tasks")
        .map((entry, at) => taskRef(read.fields(entry, `data.tasks[${at}]`), `data.tasks[${at}]`)),
    },
  }),
  "task.search": (data) => ({
    kind: "task.search",
    data: {
      ...(data["state"] !== undefined && { state: read.oneOf(data["state"], "data.state", TASK_STATES) }),
      ...read.page(data, LIMIT_DEFAULT),
    },
  }),
};

/** Page size of a search. */
const LIMIT_DEFAULT = 100;
const ACTION = "data.action.data";

function taskRef(data: read.Fields, path: string): TaskRef {
  return {
    id: read.id(data["id"], `${path}.id`),
    version: read.integer(data["version"], `${path}.version`, 0),
  };
}

function lease(data: read.Fields): { pid: string; ttl: number } {
  return {
    pid: read.nonEmpty(data["pid"], "data.pid"),
    ttl: read.integer(data["ttl"], "data.ttl", 1),
  };
}

/** A request within a request. */
function action<K extends string>(value: unknown, path: string, kinds: readonly K[]) {
  const { kind, head, data } = read.fields(value, path);
  const corrId = read.isFields(head) ? head["corrId"] : undefined;
  return {
    kind: read.oneOf(kind, `${path}.kind`, kinds),
    corrId: typeof corrId === "string" ? corrId : "",
    data: read.fields(data, `${path}.data`),
  };
}

function fencedAction(data: read.Fields): TaskFenceData["action"] {
  const inner = action(data["action"], "data.action", ["promise.create", "promise.settle"]);
  const parsed: TaskFenceData["action"] =
    inner.kind === "promise.create"
      ? { kind: inner.kind, corrId: inner.corrId, data: parseCreate(inner.data, ACTION) }
      : { kind: inner.kind, corrId: inner.corrId, data: parseSettle(inner.data, ACTION) };
  if (parsed.data.id === data["id"]) throw new read.Malformed(`${ACTION}.id must not be the task's own id`);
  return parsed;
}

function awaitedIds(actions: unknown, taskId: string): string[] {
  const entries = read.list(actions, "data.actions");
  if (entries.length === 0) throw new read.Malformed("data.actions must not be empty");
  const ids = new Set<string>();
  for (const [at, entry] of entries.entries()) {
    const path = `data.actions[${at}]`;
    const callback = action(entry, path, ["promise.register_callback"]).data;
    const awaited = read.id(callback["awaited"], `${path}.data.awaited`);
    if (callback["awaiter"] !== taskId)
      throw new read.Malformed(`${path}.data.awaiter must be the task's id`);
    if (awaited === taskId) throw new read.Malformed(`${path}.data.awaited must not be the task's own id`);
    if (originOf(awaited) !== originOf(taskId)) {
      throw new read.Malformed(`${path}.data.awaited must have the task's origin`);
    }
    if (ids.has(awaited)) throw new read.Malformed(`${path}.data.awaited is named twice`);
    ids.add(awaited);
  }
  return [...ids];
}

import {
  acquire as acquisition,
  create,
  type Envelope,
  latentTags,
  request,
  rootTags,
  settle,
  suspend,
} from "../support/engine-requests.ts";
import type { Model } from "../support/linearizability.ts";

const DAY = 86_400_000;

/** A request about one workflow, its task, and the one promise that it waits for. */
export type Op =
  | { readonly kind: "create" | "get" | "createChild" | "getChild" | "getTask" | "halt" | "continue" }
  | { readonly kind: "settle" | "settleChild"; readonly value: string }
  | { readonly kind: "acquire" | "release" | "suspend"; readonly version: number }
  | { readonly kind: "fulfill" | "fence"; readonly version: number; readonly value: string };

/** Status, and what is told with it: the value of the promise that it is about, or the task; "" for none. */
export type Answer = readonly [status: number, told: string];

interface Workflow {
  readonly promise: Settlement;
  readonly child: Settlement;
  readonly task: "pending" | "acquired" | "suspended" | "halted" | "fulfilled";
  readonly version: number;
  readonly resumes: number;
  /** The child's end wakes it. */
  readonly isWaiting: boolean;
}

/** Undefined: there is none; "": pending; else the value that it was settled with. */
type Settlement = string | undefined;

/** What one sequential server does. Nothing here is late: leases and deadlines are days away. */
export const WORKFLOW: Model<Workflow, Op, Answer> = {
  first: { promise: undefined, child: undefined, task: "pending", version: 0, resumes: 0, isWaiting: false },
  step(state, op) {
    const { promise, child } = state;
    switch (op.kind) {
      case "create":
        return promise === undefined ? becomes(state, { promise: "" }) : stays(state, 200, promise);
      case "createChild":
        return child === undefined ? becomes(state, { child: "" }) : stays(state, 200, child);
      case "get":
        return promise === undefined ? stays(state, 404) : stays(state, 200, promise);
      case "getChild":
        return child === undefined ? stays(state, 404) : stays(state, 200, child);
      case "settleChild":
        return child === undefined ? stays(state, 404) : settleChild(state, op.value);
      default:
        return promise === undefined ? stays(state, 404) : ofTask(state, op, promise);
    }
  },
};

type Step = ReturnType<typeof WORKFLOW.step>;

function ofTask(state: Workflow, op: Op, promise: string): Step {
  const { task, version, resumes } = state;
  switch (op.kind) {
    case "getTask":
      return stays(state, 200, `${task} ${version} ${resumes}`);
    case "settle":
      return promise === "" ? ends(state, op.value) : stays(state, 200, promise);
    case "halt":
      return task === "fulfilled" ? stays(state, 409) : becomes(state, { task: "halted" });
    case "continue":
      return task === "halted" ? becomes(state, { task: "pending" }) : stays(state, 409);
    case "acquire": {
      if (task !== "pending" || version !== op.version) return stays(state, 409);
      const acquired = { task: "acquired", version: version + 1, resumes: 0 } as const;
      return becomes(state, acquired, `acquired ${version + 1} 0`);
    }
    case "release":
    case "fulfill":
    case "suspend":
    case "fence":
      return task === "acquired" && version === op.version ? ofHolder(state, op) : stays(state, 409);
    default:
      throw new Error(`${op.kind} is not about a task`);
  }
}

/** What only the worker may do that holds the task. */
function ofHolder(state: Workflow, op: Extract<Op, { version: number }>): Step {
  const { child } = state;
  switch (op.kind) {
    case "release":
      return becomes(state, { task: "pending" });
    case "fulfill":
      return ends(state, op.value);
    case "suspend":
      if (child === undefined) return stays(state, 422);
      if (child === "") return becomes(state, { task: "suspended", resumes: 0, isWaiting: true });
      return { state: { ...state, resumes: 0 }, answer: [300, ""] };
    case "fence":
      // What is fenced is refused within an answer of success.
      return child === undefined ? stays(state, 200, "404") : settleChild(state, op.value);
    case "acquire":
      throw new Error("Whoever holds a task has acquired it");
  }
}

function stays(state: Workflow, status: number, told = ""): Step {
  return { state, answer: [status, told] };
}

function becomes(state: Workflow, change: Partial<Workflow>, told = ""): Step {
  return { state: { ...state, ...change }, answer: [200, told] };
}

function ends(state: Workflow, value: string): Step {
  return becomes(state, { promise: value, task: "fulfilled", resumes: 0, isWaiting: false }, value);
}

function settleChild(state: Workflow, value: string): Step {
  const { child, task, resumes, isWaiting } = state;
  if (child !== "") return stays(state, 200, child);
  if (!isWaiting) return becomes(state, { child: value }, value);
  const woken = task === "suspended" ? ({ task: "pending", resumes: 1 } as const) : { resumes: resumes + 1 };
  return becomes(state, { child: value, isWaiting: false, ...woken }, value);
}

/** The request of the protocol. */
export function envelopeOf(id: string, op: Op): Envelope {
  const child = `${id}:0`;
  switch (op.kind) {
    case "create":
      return create(id, Date.now() + DAY, rootTags(id));
    case "createChild":
      return create(child, Date.now() + DAY, latentTags(child, id));
    case "get":
      return request("promise.get", { id });
    case "getChild":
      return request("promise.get", { id: child });
    case "getTask":
      return request("task.get", { id });
    case "settle":
      return settle(id, "resolved", op.value);
    case "settleChild":
      return settle(child, "resolved", op.value);
    case "acquire":
      return acquisition(id, op.version, DAY);
    case "suspend":
      return suspend(id, op.version, [child]);
    case "fulfill":
      return request("task.fulfill", { id, version: op.version, action: settle(id, "resolved", op.value) });
    case "fence":
      return request("task.fence", { id, version: op.version, action: settle(child, "resolved", op.value) });
    case "release":
      return request("task.release", { id, version: op.version });
    case "halt":
    case "continue":
      return request(`task.${op.kind}`, { id });
  }
}

interface Told {
  readonly promise?: { readonly value: { readonly data?: string } };
  readonly task?: { readonly state: string; readonly version: number; readonly resumes: number };
  readonly action?: { readonly head: { readonly status: number }; readonly data: Told };
}

/** What the reply says, as far as the model knows of it. */
export function answerIn(status: number, data: unknown): Answer {
  const { task, promise, action } = data as Told;
  if (status !== 200) return [status, ""];
  if (task !== undefined) return [200, `${task.state} ${task.version} ${task.resumes}`];
  if (action !== undefined && action.head.status !== 200) return [200, String(action.head.status)];
  return [200, (promise ?? action?.data.promise)?.value.data ?? ""];
}

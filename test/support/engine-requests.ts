import { PROTOCOL_VERSION } from "../../src/protocol/records.ts";

export interface Envelope {
  readonly kind: string;
  readonly head: { readonly corrId: string; readonly version: string };
  readonly data: Record<string, unknown>;
}

let count = 0;

/** A request of the protocol. */
export function request(kind: string, data: Record<string, unknown>): Envelope {
  return { kind, head: { corrId: `c${(count += 1)}`, version: PROTOCOL_VERSION }, data };
}

export const TARGET = "poll://any@worker";

/** Tags as the SDK gives them to a workflow's root. */
export function rootTags(id: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    "resonate:origin": id,
    "resonate:branch": id,
    "resonate:parent": id,
    "resonate:scope": "global",
    "resonate:target": TARGET,
    ...more,
  };
}

/** Tags as the SDK gives them to a promise that a workflow waits for. */
export function latentTags(
  id: string,
  parent: string,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    "resonate:origin": id.split(":")[0] ?? id,
    "resonate:branch": id,
    "resonate:parent": parent,
    "resonate:scope": "global",
    "resonate:external": "true",
    ...more,
  };
}

/** Tags as the SDK gives them to a step of a workflow; its parent may be a function that the workflow calls. */
export function stepTags(id: string, parent: string, branch = parent): Record<string, string> {
  return {
    "resonate:origin": id.split(":")[0] ?? id,
    "resonate:branch": branch,
    "resonate:parent": parent,
    "resonate:scope": "local",
  };
}

export function create(id: string, timeoutAt: number, tags: Record<string, string> = {}): Envelope {
  return request("promise.create", { id, timeoutAt, param: { headers: {}, data: "cGFyYW0=" }, tags });
}

export function settle(id: string, state = "resolved", data = "dmFsdWU="): Envelope {
  return request("promise.settle", { id, state, value: { headers: {}, data } });
}

export function acquire(id: string, version: number, ttl = 10_000, pid = "p1"): Envelope {
  return request("task.acquire", { id, version, pid, ttl });
}

export function suspend(id: string, version: number, awaited: readonly string[]): Envelope {
  const actions = awaited.map((each) => request("promise.register_callback", { awaiter: id, awaited: each }));
  return request("task.suspend", { id, version, actions });
}

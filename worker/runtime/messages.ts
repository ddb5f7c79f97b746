/** The guard's own messages: to the SDK as the engine, and to the engine as the SDK. */
import type { Request, Response, TaskFulfillReq, TaskReleaseReq, TaskReleaseRes } from "@resonatehq/sdk";
import { PROTOCOL_VERSION } from "../../src/durable/lineage.ts";
import { failure } from "./value-limit.ts";

/** A task as this worker took it up. */
export interface HeldTask {
  readonly id: string;
  readonly version: number;
}

/** To the SDK: the request is refused. */
export function refusal({ kind, head }: Request, status: 409 | 422, reason: string): Response {
  return { kind, head: { corrId: head.corrId, status, version: head.version }, data: reason } as Response;
}

/** To the SDK: its release is accepted. */
export function released({ head }: TaskReleaseReq): TaskReleaseRes {
  return {
    kind: "task.release",
    head: { corrId: head.corrId, status: 200, version: head.version },
    data: {},
  };
}

/** To the engine: the task's workflow ends as rejected. */
export function rejectionOf(task: HeldTask, reason: string): TaskFulfillReq {
  const head = { corrId: crypto.randomUUID(), version: PROTOCOL_VERSION };
  const value = failure(reason);
  return {
    kind: "task.fulfill",
    head,
    data: {
      ...task,
      action: { kind: "promise.settle", head, data: { id: task.id, state: "rejected", value } },
    },
  };
}

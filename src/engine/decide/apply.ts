import { PROTOCOL_VERSION } from "../../protocol/records.ts";
import type { Request } from "../../protocol/requests.ts";
import * as promises from "./apply-promise.ts";
import * as schedules from "./apply-schedule.ts";
import * as tasks from "./apply-task.ts";
import { Draft } from "./draft.ts";
import { type EngineResponse, ok, refuse } from "./response.ts";
import { promiseSearch, taskSearch } from "./search.ts";
import type { Transition, View } from "./state.ts";

export interface Applied extends Transition {
  readonly response: EngineResponse;
}

/** Where and when a request arrived. */
export interface Context {
  readonly now: number;
  /** It came through the network of this process. */
  readonly local: boolean;
}

/** Computes a request's changes from the stored state, the request and the time. Writes nothing. */
export function apply(view: View, request: Request, context: Context): Applied {
  const draft = new Draft(view);
  const response = decide(draft, request, context);
  return { response, ...draft.finish() };
}

function decide(draft: Draft, request: Request, { now, local }: Context): EngineResponse {
  switch (request.kind) {
    case "promise.get":
      return promises.promiseGet(draft, request.data, now);
    case "promise.create":
      return promises.promiseCreate(draft, request.data, now);
    case "promise.settle":
      return promises.promiseSettle(draft, request.data, now);
    case "promise.register_callback":
      return promises.registerCallback(draft, request.data, now);
    case "promise.register_listener":
      return promises.registerListener(draft, request.data, now);
    case "promise.search":
      return promiseSearch(draft, request.data, now);
    case "task.get":
      return tasks.taskGet(draft, request.data, now);
    case "task.create":
      return tasks.taskCreate(draft, request.data, now, local);
    case "task.acquire":
      return tasks.taskAcquire(draft, request.data, now, local);
    case "task.release":
      return tasks.taskRelease(draft, request.data, now);
    case "task.suspend":
      return tasks.taskSuspend(draft, request.data, now);
    case "task.fulfill":
      return tasks.taskFulfill(draft, request.data, now);
    case "task.fence": {
      const { response, inner } = tasks.taskFence(draft, request.data, now);
      if (inner === undefined) return response;
      const { kind, corrId } = request.data.action;
      const head = { corrId, status: inner.status, version: PROTOCOL_VERSION };
      // The reference servers preload nothing here either, because the caller has just acquired the task.
      return ok({ action: { kind, head, data: inner.data }, preload: [] });
    }
    case "task.heartbeat":
      return tasks.taskHeartbeat(draft, request.data, now);
    case "task.halt":
      return tasks.taskHalt(draft, request.data, now);
    case "task.continue":
      return tasks.taskContinue(draft, request.data, now);
    case "task.search":
      return taskSearch(draft, request.data, now);
    case "schedule.get":
      return schedules.scheduleGet(draft, request.data);
    case "schedule.create":
      return schedules.scheduleCreate(draft, request.data, now);
    case "schedule.delete":
      return schedules.scheduleDelete(draft, request.data);
    case "schedule.search":
      return schedules.scheduleSearch(draft, request.data);
    case "projection.read":
      return refuse(501, "This server keeps no index");
    case "trail.read":
      return refuse(501, "This server keeps no log of events");
    case "debug.start":
    case "debug.stop":
    case "debug.reset":
    case "debug.snap":
    case "debug.tick":
      return refuse(403, `${request.kind} is for tests: this server was not started for them`);
  }
}

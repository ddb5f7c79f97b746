import { callback, callbackDetails, callbackList, callbackStatus } from "../callback-schemas.ts";
import type { Operation } from "../operation.ts";
import { callbackId, promiseId } from "./parameters.ts";

const READERS = ["approvals:read", "workflows:read"] as const;

export const CALLBACK_OPERATIONS: readonly Operation[] = [
  {
    id: "listCallbacks",
    method: "get",
    path: "/callback-deliveries",
    group: "Callbacks",
    summary: "List callbacks",
    scope: READERS,
    parameters: [
      { name: "status", in: "query", schema: callbackStatus, description: "Only callbacks in this state." },
      {
        name: "about",
        in: "query",
        schema: promiseId,
        description: "Only callbacks about this approval or workflow.",
      },
    ],
    responses: { 200: { description: "Pending and finished callbacks.", schema: callbackList } },
  },
  {
    id: "getCallback",
    method: "get",
    path: "/callback-deliveries/{id}",
    group: "Callbacks",
    summary: "See a callback with every attempt",
    scope: READERS,
    parameters: [callbackId],
    responses: { 200: { description: "The callback's current state.", schema: callbackDetails } },
    problems: ["NOT_FOUND"],
  },
  {
    id: "replayCallback",
    method: "post",
    path: "/callback-deliveries/{id}/replay",
    group: "Callbacks",
    summary: "Send a callback again",
    description:
      "Sends the same event to the same receiver, with the same `webhook-id`. The new callback has its own retries.",
    scope: ["approvals:create", "workflows:begin"],
    parameters: [callbackId],
    responses: {
      202: {
        description: "The new callback is stored and will be sent.",
        schema: callback,
        headers: { Location: "Address of the new callback" },
      },
    },
    problems: ["NOT_FOUND", "CONFLICT"],
  },
];

/** What is known about a request while it is answered, by name and type. Each handler fills in what it finds out. */
import type { Response } from "express";
import type { Caller } from "../../auth/authenticate.ts";
import type { Audit } from "../../lib/audit.ts";
import type { TraceContext } from "../../lib/traces.ts";

export interface RequestState {
  /** Goes into the answer, the log and the audit record. */
  readonly requestId: string;
  /** Where handlers write down what was done. */
  readonly audit: Audit;
  /** Who made the request, once that is known. */
  caller?: Caller;
  /** The approval that it is about, for its line in the log. */
  approval?: string;
  /** The trace that an approval which it starts belongs to. Absent: none. */
  readonly trace?: TraceContext | undefined;
  /** Why it is refused, which the response does not say, and who it claimed to come from. */
  refusal?: { readonly reason: string; readonly who?: string | undefined };
}

/** A member of the response itself: a map of all responses costs several times as much. */
const STATE: unique symbol = Symbol("state of the request");

interface Stateful {
  [STATE]?: RequestState;
}

/** Before anything else of a request, once. */
export function beginState(res: Response, state: Pick<RequestState, "requestId" | "audit" | "trace">): void {
  (res as Stateful)[STATE] = { ...state };
}

/** @throws Error if the request was never begun, which is a fault of how routes are put together */
export function stateOf(res: Response): RequestState {
  const state = (res as Stateful)[STATE];
  if (state === undefined)
    throw new Error("Cannot answer: requestContext() does not stand before this route");
  return state;
}

/**
 * Starts callbacks from steps. Each callback is a workflow. The step waits until it is on disk, and never for a
 * receiver. The id follows from event and receiver, so a step that runs again finds the callbacks that it started.
 *
 * This happens in steps and not in the workflow, because receivers depend on settings, which may change between two
 * passes. An approval without receivers costs nothing.
 */
import {
  ABOUT_TAG,
  CALLBACK_FUNC,
  CALLBACK_KIND,
  CALLBACK_LIFE_MS,
  type Callback,
  type Receiver,
} from "../../approval/callback.ts";
import { type CallbackEvent, ENDPOINT_EVENT_TYPES, subjectOf } from "../../approval/event.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { callbackIdOf } from "../../callback/ids.ts";
import type { CallbackSender } from "../../callback/sender.ts";
import { anyAddress, looseLineage, targeted } from "../../durable/lineage.ts";
import type { EnginePromises } from "../../durable/promises.ts";
import { encodeValue } from "../../durable/value.ts";
import { TRACE_TAG, type TraceContext } from "../../lib/traces.ts";

/** What announcing needs; the worker's services contain it. */
export interface Announcer {
  readonly promises: Pick<EnginePromises, "create">;
  /** The engine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  readonly callbacks: Pick<CallbackSender, "endpointsFor">;
  /** The worker group of the announcing worker. */
  readonly group: string;
  /** The worker group that delivers. Default: the same. */
  readonly builtInGroup?: string | undefined;
  /** The trace that an approval under way belongs to. Default: there are no traces. */
  readonly traceOf?: (approval: string) => TraceContext | undefined;
}

/** What a step adds to its result when it announced something. */
export interface Announced {
  /** Ids of the callbacks. */
  readonly callbacks?: readonly string[];
}

/**
 * Tells the endpoints that subscribe to the event, and the request's `callbackUrl`. Throws if the engine does not
 * answer: the step then runs again.
 */
export async function announce(
  svc: Announcer,
  /** When the approval's workflow started. */
  bornAtMs: number,
  events: readonly CallbackEvent[],
  callbackUrl: string | undefined,
): Promise<Announced> {
  const started = await Promise.all(
    events.flatMap((event) => {
      const receivers: Receiver[] = [...svc.callbacks.endpointsFor(event.type)];
      if (callbackUrl !== undefined) receivers.unshift({ kind: "url", url: callbackUrl });
      return receivers.map((to) => start(svc, { event, to, bornAtMs }));
    }),
  );
  return started.length === 0 ? {} : { callbacks: started };
}

/** Whether anybody receives an approval's events, by the settings of this process. */
export function hasReceivers({ callbacks }: Pick<Announcer, "callbacks">, callbackUrl: string | undefined) {
  return (
    callbackUrl !== undefined || ENDPOINT_EVENT_TYPES.some((type) => callbacks.endpointsFor(type).length > 0)
  );
}

export function bothOf(a: Announced, b: Announced): Announced {
  const callbacks = [...(a.callbacks ?? []), ...(b.callbacks ?? [])];
  return callbacks.length === 0 ? {} : { callbacks };
}

async function start(
  { promises, group, builtInGroup = group, now, traceOf }: Announcer,
  callback: Callback,
): Promise<string> {
  const id = callbackIdOf(callback);
  const trace = traceOf?.(subjectOf(callback.event));
  await promises.create(id, now() + CALLBACK_LIFE_MS, {
    ...encodeValue({ func: CALLBACK_FUNC, args: [callback], version: 1 }),
    tags: {
      // Loose, so that the approval's worker does not get it with every wake-up.
      ...looseLineage(id),
      ...targeted(anyAddress(builtInGroup)),
      [KIND_TAG]: CALLBACK_KIND,
      [ABOUT_TAG]: subjectOf(callback.event),
      ...(trace === undefined ? {} : { [TRACE_TAG]: trace }),
    },
  });
  return id;
}

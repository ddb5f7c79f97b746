/**
 * The callback workflows: one event to one receiver, tried again on a schedule of days.
 *
 * Children by position: attempts, and between two attempts a timer. Which attempt is the last, and how long to wait, is
 * in the attempts' frozen results, so settings may change while a callback waits.
 */
import type { Context } from "@resonatehq/sdk";
import type { Attempt, Callback, CallbackEnd } from "../../src/approval/callback.ts";
import type { CallbackEvent } from "../../src/approval/event.ts";
import {
  parseAttempt,
  parseCallback,
  parseCompletionCallback,
  parseEvent,
} from "../../src/approval/stored-callback.ts";
import { productServices } from "../runtime/services.ts";
import { lasting } from "../runtime/step-options.ts";
import { timerTags } from "../runtime/timer.ts";

export function* callback(ctx: Context, input: unknown): Generator<unknown, CallbackEnd> {
  const parsed = parseCallback(input);
  if (parsed === undefined) throw new TypeError("Cannot call back: the argument is not a callback");
  return yield* delivered(ctx, parsed);
}

/** Waits for the end of another workflow of the same origin, however it ends, and reports it. */
export function* callback_on_completion(ctx: Context, input: unknown): Generator<unknown, CallbackEnd> {
  const parsed = parseCompletionCallback(input);
  if (parsed === undefined) throw new TypeError("Cannot call back: the argument names no workflow");
  const { workflow, to, bornAtMs } = parsed;
  try {
    // To wait for an existing promise, create it. If it were gone, no worker would know this function. The SDK takes an
    // id here as everywhere, only its type for contexts leaves it out.
    const existing: Parameters<typeof ctx.options>[0] & { id: string } = {
      id: workflow,
      target: productServices(ctx).group,
    };
    yield* ctx.rpc(NO_FUNCTION, ctx.options(existing));
  } catch {
    // Rejected, canceled and timed out are ends too; the step reads which.
  }
  const event = parseEvent(yield* ctx.run(read_completion, workflow, lasting(ctx)));
  if (event === undefined)
    throw new TypeError("Cannot call back: another program settled the step that reads the end");
  return yield* delivered(ctx, { event, to, ...(bornAtMs === undefined ? {} : { bornAtMs }) });
}

const NO_FUNCTION = "(the workflow that the callback waits for)";

function* delivered(ctx: Context, callback: Callback): Generator<unknown, CallbackEnd> {
  for (let n = 1; ; n++) {
    const attempt = parseAttempt(yield* ctx.run(attempt_callback, callback, n, lasting(ctx)));
    // Another program has settled the step: whether the receiver was called is not known, so the next attempt follows.
    if (attempt === undefined) continue;
    const { result, next } = attempt;
    if (next.kind === "end") return { kind: "callback", status: next.status, attempts: n, result };
    const pause = yield* ctx.promise({
      timeout: next.inMs,
      tags: timerTags(productServices(ctx).group, "retry"),
    });
    yield* pause;
  }
}

function attempt_callback(ctx: Context, callback: Callback, n: number): Promise<Attempt> {
  const { traced, callbacks } = productServices(ctx);
  return traced(ctx.id, "callback", (traceparent) => callbacks.attempt(callback, n, traceparent));
}

async function read_completion(ctx: Context, workflow: string): Promise<CallbackEvent> {
  const { promises, now } = productServices(ctx);
  const { state, settledAt } = await promises.get(workflow);
  const timestamp = new Date(settledAt ?? now()).toISOString();
  return { type: "workflow.completed", timestamp, data: { workflow, status: STATUS_OF[state] } };
}

/** As `GET /wait` words them. */
const STATUS_OF = {
  // Only of a workflow that was waited for, so never met here.
  pending: "resolved",
  resolved: "resolved",
  rejected: "rejected",
  rejected_canceled: "canceled",
  rejected_timedout: "timedout",
} as const;

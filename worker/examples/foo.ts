import type { Context } from "@resonatehq/sdk";
import { lasting } from "../runtime/step-options.ts";

/** The generic API's first workflow: echoes its argument. The time is a step, so that a replay sees the same one. */
export function* foo(ctx: Context, data: unknown): Generator<unknown, { result: string; timestamp: number }> {
  const timestamp = yield* ctx.run(read_clock, lasting(ctx));
  return { result: `Processed: ${JSON.stringify(data)}`, timestamp };
}

function read_clock(_ctx: Context): number {
  return Date.now();
}

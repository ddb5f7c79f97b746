import type { Context } from "@resonatehq/sdk";
import { lasting } from "../runtime/step-options.ts";

/** Greets by way of a leaf step, whose result is kept: a worker that dies afterwards is not asked again. */
export function* greet(ctx: Context, name: unknown): Generator<unknown, string> {
  if (typeof name !== "string" || name.trim() === "") {
    throw new TypeError(
      `Cannot greet: the argument must be a name, for instance "World", not ${JSON.stringify(name)}`,
    );
  }
  return yield* ctx.run(format_greeting, name, lasting(ctx));
}

/** The leaf. Its JavaScript name is what the promise tree shows, hence not in camel case. */
export function format_greeting(_ctx: Context, name: string): string {
  return `Hello, ${name}! Welcome to durable execution.`;
}

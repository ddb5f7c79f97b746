import type { Resonate } from "@resonatehq/sdk";

/**
 * Makes the SDK use the engine's clock for every duration of a workflow (`ctx.promise`, `ctx.sleep`, `ctx.rpc`, steps)
 * and for `ctx.date.now()`. The SDK uses this machine's clock, but the engine's clock decides. The SDK has no setting
 * for its clock, so this replaces a private member.
 *
 * @throws Error if a later SDK looks different: deadlines would silently go by another clock
 */
export function goByEngineTime(resonate: Resonate, now: () => number): void {
  const clock: unknown = Reflect.get(resonate, "clock");
  if (typeof clock !== "object" || clock === null || !("now" in clock)) {
    throw new Error(
      "Cannot start a worker: this version of the SDK has no clock that Countersign can replace",
    );
  }
  Object.assign(clock, { now });
  resonate.setDependency("resonate:date", { now });
}

/**
 * A clock that stands still until the code that reads it awaits something. The SDK takes how long a promise may stay open, and
 * adds that to the time itself; so a workflow that wants a certain instant subtracts the time first, and both must read the same
 * millisecond, or a deadline is a moment later than it was set.
 */
export function steadyClock(now: () => number): () => number {
  let read: number | undefined;
  return () => {
    if (read === undefined) {
      read = now();
      queueMicrotask(() => {
        read = undefined;
      });
    }
    return read;
  };
}

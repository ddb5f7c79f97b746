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

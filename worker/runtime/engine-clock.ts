import type { Resonate } from "@resonatehq/sdk";

/**
 * Has the SDK count every duration of a workflow (`ctx.promise`, `ctx.sleep`, `ctx.rpc`, steps) by the engine's clock, and
 * `ctx.date.now()` tell it. It makes instants of durations by this machine's clock, while the engine judges them by its
 * own, and offers no way to give it another clock: so this reaches into it.
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

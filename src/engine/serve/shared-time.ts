import type { Clock } from "../clock.ts";
import { elapsedMs } from "../elapsed.ts";

/** Tells other threads of this process the engine's time: one number, by how much it is ahead of `elapsedMs`. */
export type SharedTime = SharedArrayBuffer;

/** The engine looks at its clock at least so often: a machine may have slept. */
const LOOK_MS = 1_000;

/** The clock, and what other threads read of it. */
export function shareTime(clock: Clock): { readonly clock: Clock; readonly time: SharedTime; stop(): void } {
  const time = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
  const ahead = new Float64Array(time);
  const now = () => {
    const read = clock.now();
    ahead[0] = read - elapsedMs();
    return read;
  };
  now();
  const looking = setInterval(now, LOOK_MS).unref();
  return {
    clock: { now, after: (delayMs, callback) => clock.after(delayMs, callback) },
    time,
    stop: () => clearInterval(looking),
  };
}

/** The engine's time in another thread, in milliseconds since 1970. */
export function readTime(time: SharedTime): () => number {
  const ahead = new Float64Array(time);
  // Rounded up: what the engine says in a reply is never later than what is read here after it.
  return () => Math.ceil((ahead[0] ?? 0) + elapsedMs());
}

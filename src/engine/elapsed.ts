import { hrtime } from "node:process";

/** Milliseconds since some moment before this process started, the same in all of its threads. Nobody can set them. */
export function elapsedMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

import { setTimeout as pause } from "node:timers/promises";
import type { Request, Response } from "@resonatehq/sdk";

/**
 * Requests that change nothing more when they are repeated. Nearly all return the stored result. All requests of a gateway
 * are of this kind. A worker's claims on tasks are not: an acquired task would refuse the second attempt.
 */
const REPEATABLE: ReadonlySet<string> = new Set([
  "promise.get",
  "promise.search",
  "promise.create",
  "promise.settle",
  "promise.register_listener",
  "task.get",
  "task.search",
  // The task's version tells late attempts from its holder's. A fulfilment after one that was carried out is refused with
  // 409, which the SDK takes as its end. Without the second attempt, what the pass has not stored would be done again.
  "task.fence",
  "task.fulfill",
  "task.heartbeat",
  // Of our own engine.
  "projection.read",
  "trail.read",
]);

/** Pauses before further attempts, each up to a third longer or shorter, so that those who failed together come back apart. */
const PAUSES_MS = [25, 75, 200, 400, 600, 800, 900];
/**
 * When the last attempt begins at the latest, however long those before it took, and up to a tenth earlier: longer than an
 * engine takes to start again, shorter than callers wait.
 */
const PATIENCE_MS = 3_000;

/**
 * Sends a request, and sends it again after a fault that passes: nobody was there, or the server failed. A server that
 * has undone its transaction, because others did the same thing at the same time, has done nothing, so then any request is sent again.
 *
 * Throws what the last attempt threw.
 */
export async function withPatience<R extends Response>(
  request: Request,
  attempt: () => Promise<R>,
): Promise<R> {
  const endsAt = performance.now() + PATIENCE_MS * (1 - Math.random() / 10);
  for (const pauseMs of PAUSES_MS) {
    try {
      return await attempt();
    } catch (error) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0 || !isWorthAnother(request, error)) throw error;
      await pause(Math.min(pauseMs * (2 / 3 + (2 / 3) * Math.random()), leftMs));
    }
  }
  return await attempt();
}

function isWorthAnother({ kind }: Request, error: unknown): boolean {
  const text = error instanceof Error ? error.message : "";
  if (FAILED.test(text) && text.includes(CONFLICT)) return true;
  if (OVERLOADED.test(text) && !RESULTS.has(kind)) return false;
  return REPEATABLE.has(kind) && (BROKEN.test(text) || FAILED.test(text));
}

/**
 * What a worker stores of its work, which is done again if this is lost. They are few, because the tasks that run at once are.
 */
const RESULTS: ReadonlySet<string> = new Set(["task.fence", "task.fulfill"]);

/** Nobody was there, or the connection broke, for example because a busy engine closed one that was just reused. Not a timeout. */
const BROKEN = /^platform failure: (?:fetch failed|terminated)$/u;
/** The server failed, or the proxy before it found none. */
const FAILED = /^platform failure: HTTP (?:500|502|503|504)(?:: |$)/u;
/** As our own engine says that it has too much to do, or no room: repetitions of all requests would be eight times as much. */
const OVERLOADED = /^platform failure: HTTP 503: The engine (?:is busy|cannot write to its disk now)/u;
/** As Resonate Server 0.9.8 says it on PostgreSQL. */
const CONFLICT = "Serialization conflict";

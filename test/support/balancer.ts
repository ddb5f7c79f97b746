import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "./eventually.ts";
import { type Called, type CallOptions, call } from "./http.ts";

/** How often each backend is asked whether it is ready. */
const PROBE_MS = 50;

/**
 * A load balancer in the caller's process: takes ready backends in turn, over connections that it keeps, and tries
 * another one only where a connection was refused, so that no request can have been taken twice.
 */
export interface Balancer extends AsyncDisposable {
  call(path: string, options?: CallOptions): Promise<Called>;
  /** Waits until so many backends are ready. */
  ready(count: number): Promise<void>;
  /** Requests answered by each backend. */
  readonly served: ReadonlyMap<string, number>;
  /** The longest that it has taken from one look at a backend to the end of the next. */
  readonly slowestLookMs: number;
}

export function startBalancer(backends: readonly string[]): Balancer {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const isReady = new Map(backends.map((backend) => [backend, false]));
  const served = new Map(backends.map((backend) => [backend, 0]));
  const stopped = new AbortController();
  let turn = 0;
  let slowestLookMs = 0;

  const probe = async (backend: string): Promise<void> => {
    while (!stopped.signal.aborted) {
      const startedAt = performance.now();
      const answer = await call(`${backend}/readyz`, { timeoutMs: 3_000 }).catch(() => undefined);
      isReady.set(backend, answer?.status === 200);
      await pause(PROBE_MS, undefined, { signal: stopped.signal }).catch(() => {});
      slowestLookMs = Math.max(slowestLookMs, performance.now() - startedAt);
    }
  };
  const probes = backends.map(probe);

  const next = (): string | undefined => {
    const ready = backends.filter((backend) => isReady.get(backend));
    turn += 1;
    return ready[turn % ready.length];
  };

  return {
    served,
    get slowestLookMs() {
      return slowestLookMs;
    },
    async ready(count) {
      await eventually(`${count} backends are ready`, () => {
        return [...isReady.values()].filter(Boolean).length === count;
      });
    },
    async call(path, options) {
      for (;;) {
        const backend = await eventually("a backend is ready", next);
        try {
          const answer = await call(`${backend}${path}`, { agent, ...options });
          served.set(backend, (served.get(backend) ?? 0) + 1);
          return answer;
        } catch (error) {
          if (!(error instanceof Error && "code" in error && error.code === "ECONNREFUSED")) throw error;
          isReady.set(backend, false);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await Promise.all(probes);
      agent.destroy();
    },
  };
}

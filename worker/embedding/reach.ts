/** Finds out whether an engine answers at an address, and accepts this program. */
import { setTimeout as pause } from "node:timers/promises";
import { lookAt, type Obstacle } from "../../src/durable/engine-look.ts";

export interface ReachOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called once, if the engine does not answer at first. */
  readonly onAway: (why: string) => void;
}

const LOOK_TIMEOUT_MS = 10_000;
/** Pause between two requests to an engine that does not answer yet. */
const RETRY_MS = 500;

/**
 * Resolves once the engine has answered a request. Asks again while the engine is away.
 *
 * @throws Error naming the option that is wrong when something else answers, or the token is refused; the signal's reason
 *   when it is aborted
 */
export async function reachEngine(options: ReachOptions): Promise<void> {
  const { signal, onAway } = options;
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    const look = await lookAt(options, AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]));
    if (look.kind === "works") return;
    signal.throwIfAborted();
    if (look.kind !== "away") throw new Error(problemOf(options, look));
    if (isFirst) onAway(look.why);
    await pause(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function problemOf({ url, token }: ReachOptions, obstacle: Exclude<Obstacle, { kind: "away" }>): string {
  switch (obstacle.kind) {
    case "token":
      return `${token === undefined ? "token is missing" : "token is another engine's"}: the engine at ${url} answers 401`;
    case "prefix":
      return `token is good for some ids only: the engine at ${url} refuses others`;
    case "tls":
      return `url must be one that this program can trust: ${url} has a certificate or TLS that it refuses (${obstacle.code})`;
    case "stranger":
      return `url must be the engine's: what answers ${obstacle.status} at ${url} is none. Countersign's engine listens at ENGINE_PORT (8001), not where the API does`;
    case "protocol":
      return `url must be an engine's that this version works with: that at ${url} ${obstacle.why}`;
    default:
      return obstacle satisfies never;
  }
}

/** Finds out whether an engine answers at an address, and accepts this program. */
import { setTimeout as pause } from "node:timers/promises";
import { isResponse } from "@resonatehq/sdk";
import { PROTOCOL_VERSION } from "../../src/durable/lineage.ts";

export interface ReachOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called once, if the engine does not answer at first. */
  readonly onAway: (why: string) => void;
}

type Look =
  | { readonly kind: "lets us in" }
  /** As it will be each time. */
  | { readonly kind: "refuses"; readonly problem: string }
  | { readonly kind: "away"; readonly why: string };

const LOOK_TIMEOUT_MS = 10_000;
/** Pause between two requests to an engine that does not answer yet. */
const RETRY_MS = 500;

/**
 * Resolves once the engine has answered a request. Asks again while the engine is away.
 *
 * @throws Error naming the option that is wrong when something else answers, or the token is refused; the signal's reason
 *   when it is aborted
 */
export async function reachEngine({ url, token, signal, onAway }: ReachOptions): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    const look = await lookAt({ url, token, signal });
    if (look.kind === "lets us in") return;
    signal.throwIfAborted();
    if (look.kind === "refuses") throw new Error(look.problem);
    if (isFirst) onAway(look.why);
    await pause(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function lookAt({ url, token, signal }: Omit<ReachOptions, "onAway">): Promise<Look> {
  const corrId = "look";
  const head = { corrId, version: PROTOCOL_VERSION, ...(token !== undefined && { auth: token }) };
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ kind: "promise.get", head, data: { id: "countersign-worker" } }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]),
    });
    text = await response.text();
  } catch (error) {
    return { kind: "away", why: reasonOf(error) };
  }
  const { status } = response;
  if (status === 401 || status === 403) {
    const problem = token === undefined ? "token is missing" : "token is another engine's";
    return { kind: "refuses", problem: `${problem}: the engine at ${url} answers ${status}` };
  }
  if (status === 429 || status >= 500) return { kind: "away", why: `it answers ${status}` };
  if (isAnswer(text, corrId)) return { kind: "lets us in" };
  return {
    kind: "refuses",
    problem: `url must be the engine's: what answers ${status} at ${url} is none. Countersign's engine listens at ENGINE_PORT (8001), not where the API does`,
  };
}

function isAnswer(text: string, corrId: string): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    return isResponse(answer) && answer.kind === "promise.get" && answer.head.corrId === corrId;
  } catch {
    return false;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The message of `fetch` says only that it failed; the reason is in the cause.
  return error.cause instanceof Error ? error.cause.message : error.message;
}

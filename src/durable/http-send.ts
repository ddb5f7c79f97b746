import {
  isResponse,
  type Request,
  ResonateTimeoutException,
  type Response,
  type Send,
} from "@resonatehq/sdk";
import { scrub } from "../lib/scrub.ts";
import { isOwnEngine, type RemoteClock, timeIn } from "./engine-time.ts";
import { type Token, tokenNow } from "./token.ts";

export interface SendOptions {
  readonly url: string;
  readonly token: Token;
  readonly timeoutMs: number;
  /** Learns the engine's time from each reply. */
  readonly clock: RemoteClock;
  /** Told of each reply whether our own engine has written it. */
  readonly onReply: (isOwn: boolean) => void;
}

/** Statuses that the protocol uses for responses. The SDK treats all others as transport failures. */
const RESPONSES: readonly number[] = [200, 300, 404, 409, 422, 501];

/**
 * Sends one request of the protocol over HTTP. The SDK's own network does the same, but hides the reply's headers.
 *
 * Throws `ResonateTimeoutException`, on which the SDK builds its retries, with the status in its text.
 */
export function createSend({ url, token: source, timeoutMs, clock, onReply }: SendOptions): Send {
  const post = async (request: Request): Promise<Response> => {
    const { head } = request;
    const token = tokenNow(source);
    const headers = {
      "Content-Type": "application/json",
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    };
    const body = JSON.stringify(
      token === undefined ? request : { ...request, head: { ...head, auth: token } },
    );
    const sentAt = performance.now();
    const reply = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(timeoutMs) });
    const time = timeIn(reply.headers);
    if (time !== undefined) clock.hear(sentAt, time);
    onReply(isOwnEngine((name) => reply.headers.get(name)));
    const text = await reply.text();
    if (!RESPONSES.includes(reply.status)) {
      const reason = reply.status === 500 || reply.status === 503 ? reasonIn(text) : "";
      throw new ResonateTimeoutException(`HTTP ${reply.status}${reason}`);
    }
    const response: unknown = JSON.parse(text);
    const isReadable = isResponse(response) || isOfOurs(response);
    if (!isReadable || response.kind !== request.kind || response.head.corrId !== head.corrId) {
      throw new ResonateTimeoutException("response did not match request");
    }
    return response;
  };
  return (async (request: Request) => {
    try {
      return await post(request);
    } catch (error) {
      if (error instanceof ResonateTimeoutException) throw error;
      throw new ResonateTimeoutException(error instanceof Error ? error.message : String(error));
    }
  }) as Send;
}

/** What the server says about a failure of its own, to be put behind the status. */
function reasonIn(text: string): string {
  try {
    const { data }: { data?: unknown } = Object(JSON.parse(text));
    return typeof data === "string" && data !== "" ? `: ${scrub(data).slice(0, REASON_CHARS)}` : "";
  } catch {
    return "";
  }
}

const REASON_CHARS = 200;

const OWN_KINDS = ["projection.read", "trail.read"];

/** Of a kind that our engine has, and the SDK does not know. */
function isOfOurs(response: unknown): response is Response {
  if (typeof response !== "object" || response === null || !("head" in response)) return false;
  const { head } = response;
  const isHead = typeof head === "object" && head !== null && "status" in head && "corrId" in head;
  return isHead && "kind" in response && OWN_KINDS.includes(response.kind as string);
}

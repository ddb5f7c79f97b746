/**
 * Watches an engine in another process for as long as this one runs. Each thing that keeps the process from working is one
 * line in the log when it begins and one when it is over, so is a clock that is off, and `/readyz` knows of it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { ConfigError } from "../lib/config-error.ts";
import { type Measures, NO_MEASURES } from "../lib/measures.ts";
import { Trouble } from "../lib/trouble.ts";
import { type Endpoint, type Look, lookAt, type Obstacle, takesIds } from "./engine-look.ts";
import { type Token, tokenNow } from "./token.ts";

export interface EngineWatch {
  /** Why this process cannot work; undefined: it can, as far as is known. */
  readonly obstacle: () => Hindrance["kind"] | undefined;
  /** Whether the engine's clock and this machine's are apart. */
  readonly isClockOff: () => boolean;
  stop(): void;
}

interface WatchLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

interface WatchTimes {
  /** Between two looks. */
  readonly everyMs: number;
  /** The same while something is wrong: its end should be known soon. */
  readonly inTroubleMs: number;
  /** How long a look may take. */
  readonly lookMs: number;
  /** How long the first one may take: the start waits for it. */
  readonly firstMs: number;
}

const TIMES: WatchTimes = { everyMs: 5_000, inTroubleMs: 1_000, lookMs: 5_000, firstMs: 2_000 };

/** Machines that keep the time are apart by milliseconds. HTTP's `Date` tells it to the second. */
const CLOCK_OFF_MS = 10_000;

export interface WatchOptions extends Endpoint {
  /** Whether it is a Resonate Server, and not our own engine. */
  readonly isServer: boolean;
  readonly log: WatchLog;
  readonly measures?: Measures | undefined;
  readonly times?: WatchTimes;
  /** Whether messages can come from it. Default: nothing is told, as where nobody listens. */
  readonly isListening?: (() => boolean) | undefined;
}

type Hindrance =
  | Obstacle
  /** It answers, and cannot be listened to. */
  | { readonly kind: "stream" };

/** So many looks in a row: a stream that broke is open again in a moment. */
const DEAF_LOOKS = 2;

/**
 * Looks once, and then again and again. An engine that does not answer yet is waited for in the background.
 *
 * @throws ConfigError if the engine answers so that nothing can work
 */
export async function watchEngine(options: WatchOptions): Promise<EngineWatch> {
  const { url, token, isServer, log, measures = NO_MEASURES, times = TIMES } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const named = { url, token, isServer };
  let isExamined = !isServer;
  let obstacle: Hindrance["kind"] | undefined;
  let deaf = 0;

  const look = async (limitMs: number): Promise<Look> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const found = await lookAt(named, limit);
    if (found.kind !== "works" || isExamined) return found;
    const ids = await takesIds(named, limit);
    isExamined = ids.kind === "works";
    return isExamined ? found : ids;
  };

  const trouble = new Trouble({
    begins: (why) => log.error({ url }, `The engine ${why}`),
    ends: (seconds) => log.info({ url, seconds }, "The engine can be used again"),
  });
  const clock = new Trouble({
    begins: (why) => log.warn({ url }, why),
    ends: (seconds) => log.info({ url, seconds }, "The engine's clock and this machine's are together again"),
  });
  const note = (look: Look) => {
    deaf = look.kind === "works" && options.isListening?.() === false ? deaf + 1 : 0;
    const found: Look | Hindrance = deaf >= DEAF_LOOKS ? { kind: "stream" } : look;
    const isUp = found.kind === "works";
    // After an outage another version may answer.
    if (look.kind !== "works") isExamined = !isServer;
    obstacle = isUp ? undefined : found.kind;
    trouble.note(isUp ? undefined : { kind: found.kind, why: described(found, named) });
    measures.set("countersign.engine.up", Number(isUp));
    if (!isUp || found.aheadMs === undefined) return;
    const isOff = Math.abs(found.aheadMs) > CLOCK_OFF_MS;
    clock.note(
      isOff ? { kind: found.aheadMs > 0 ? "ahead" : "behind", why: apart(found.aheadMs) } : undefined,
    );
    measures.set("countersign.engine.clock.ahead", found.aheadMs / 1000);
  };

  const first = await look(times.firstMs);
  if (first.kind !== "works" && first.kind !== "away") {
    throw new ConfigError([`The engine at ${url} ${described(first, named)}`]);
  }
  note(first);
  void (async () => {
    for (;;) {
      const waitMs = trouble.kind === undefined ? times.everyMs : times.inTroubleMs;
      await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      const found = await look(times.lookMs);
      if (signal.aborted) return;
      note(found);
    }
  })();
  return {
    obstacle: () => obstacle,
    isClockOff: () => clock.kind !== undefined,
    stop: () => stopped.abort(),
  };
}

/** What follows "The engine" in a sentence, with what to do. */
function described(
  obstacle: Hindrance,
  { token: source, isServer }: { readonly token: Token; readonly isServer: boolean },
): string {
  const token = tokenNow(source);
  switch (obstacle.kind) {
    case "away":
      return `does not answer: ${obstacle.why}`;
    case "token":
      if (!isServer)
        return "refuses the token in DATA_DIR/engine.token: it belongs to another engine. Give this process the same DATA_DIR";
      if (token === undefined) return "wants a token: set RESONATE_TOKEN or RESONATE_TOKEN_FILE";
      return `refuses our token (RESONATE_TOKEN or RESONATE_TOKEN_FILE): ${expiryOf(token) ?? "it is signed with a key that the server does not have, or its exp, iss or aud are not what the server wants"}`;
    case "prefix":
      return 'takes our token (RESONATE_TOKEN or RESONATE_TOKEN_FILE) for some ids only. Callers choose ids, so its claim "prefix" must be the empty string, or its claim "role" must be "admin"';
    case "tls":
      return tlsProblem(obstacle.code);
    case "stranger":
      return isServer
        ? `is no Resonate Server: it answers ${obstacle.status}. RESONATE_URL must be the server's own address, with https if it speaks TLS`
        : `is no engine of Countersign: it answers ${obstacle.status}. Another program listens at ENGINE_PORT`;
    case "protocol":
      return obstacle.why;
    case "stream":
      return "answers, but its stream of messages (GET /poll/…) cannot be opened, so that it can hand out no work here. What is in between must let event streams through";
    default:
      return obstacle satisfies never;
  }
}

function tlsProblem(code: string): string {
  if (/WRONG_VERSION|PACKET_LENGTH|HTTP_REQUEST/u.test(code))
    return `speaks no TLS (${code}): RESONATE_URL must begin with http:`;
  if (code.startsWith("ERR_SSL_")) return `does not agree on TLS with this program (${code})`;
  if (/EXPIRED|NOT_YET_VALID/u.test(code))
    return `has a certificate that is not valid at this time (${code})`;
  if (/ALTNAME|HOSTNAME/u.test(code))
    return `has a certificate for another host name than the one in RESONATE_URL (${code})`;
  return `has a certificate that is not trusted here (${code}): name the file of its authority in NODE_EXTRA_CA_CERTS`;
}

/** Undefined unless it is a JWT whose time is over. */
function expiryOf(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    const exp = typeof claims === "object" && claims !== null && "exp" in claims ? claims.exp : undefined;
    if (typeof exp !== "number" || exp * 1000 > Date.now()) return undefined;
    return `it expired at ${new Date(exp * 1000).toISOString()}`;
  } catch {
    return undefined;
  }
}

function apart(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  return `The engine's clock is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} this machine's, so one of them is wrong. Deadlines go by the engine's`;
}

/** The SDK's `Network` to an engine in another process: requests by HTTP, announcements by event streams. */
import {
  HttpNetwork,
  type Network,
  type Request,
  ResonateTimeoutException,
  type Response,
} from "@resonatehq/sdk";
import { CatchUp, type CatchUpOptions } from "./catch-up.ts";
import { type EngineClock, RemoteClock } from "./engine-time.ts";
import { heartbeat } from "./heartbeats.ts";
import { createSend } from "./http-send.ts";
import { withPatience } from "./patience.ts";
import { PollStreams } from "./poll-streams.ts";
import type { Token } from "./token.ts";
import { Turns } from "./turns.ts";

/** Knows the engine's time. */
export interface HttpEngineNetwork extends Network {
  readonly clock: EngineClock;
  /** Calls back each time that a stream has opened and announcements may have been lost before. */
  onGap(callback: () => void): void;
  /** Calls back when messages can come, and when they cannot any more. */
  onListening(callback: (isListening: boolean) => void): void;
}

export interface HttpNetworkOptions {
  readonly url: string;
  readonly token: Token;
  /** Letters, digits, dots, dashes and underscores only: servers parse addresses as URLs. */
  readonly group: string;
  /** Groups whose tasks it takes, too. */
  readonly moreGroups?: readonly string[];
  /** Unique to this process, of the same letters. */
  readonly pid: string;
  /** Whether it is a worker's, which looks for tasks that wait. Default: no. */
  readonly isWorker?: boolean;
}

/** A request takes milliseconds. Our caller should learn that the engine is down before its own timeout. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Each request under way is a connection of its own. Without a limit, a rush of presses would open thousands at once,
 * and the engine would refuse the excess. Answers take milliseconds, so a queue costs little.
 */
const REQUESTS_AT_ONCE = 100;

/**
 * How long a request waits in that queue. Five thousand simultaneous presses take half as long on a busy machine. After
 * this time and that of a request, the gateway ends its caller's connection anyway.
 */
const QUEUE_MS = 20_000;

/** The same for heartbeats, which have a queue of their own: if one is late, another worker gets the tasks. */
const HEARTBEATS_AT_ONCE = 50;

/**
 * Unlike the SDK's own message source, this opens its stream only on `init()`, and `stop()` ends it for good, even
 * while it waits to reconnect. So commands that never wait open no stream, and processes can exit.
 */
export function createHttpNetwork({
  url,
  token,
  group,
  moreGroups = [],
  pid,
  isWorker = false,
}: HttpNetworkOptions): HttpEngineNetwork {
  const base = url.replace(/\/$/, "");
  const clock = new RemoteClock();
  const groups: readonly [string, ...string[]] = [group, ...moreGroups];
  const streams = new PollStreams({ base, token, groups, pid });
  const network = new HttpNetwork({
    url: base,
    adapter: streams,
  });
  let isOwn = false;
  const onReply = (its: boolean) => {
    isOwn = its;
  };
  const send = createSend({ url: base, token, timeoutMs: REQUEST_TIMEOUT_MS, clock, onReply });
  const turns = new Turns({ atOnce: REQUESTS_AT_ONCE, waitMs: QUEUE_MS, tooLate });
  const beats = new Turns({ atOnce: HEARTBEATS_AT_ONCE, waitMs: QUEUE_MS, tooLate });
  // A request that waits for its next attempt takes nobody's turn.
  const patiently = async (request: Request): Promise<Response> =>
    request.kind === "task.heartbeat"
      ? await heartbeat(request, isOwn, (beat) => withPatience(beat, () => beats.run(() => send(beat))))
      : await withPatience(request, () => turns.run(() => send(request)));
  network.send = patiently as Network["send"];
  if (isWorker) catchUp(network, streams, { groups, pid, now: () => clock.now() });
  return Object.assign(network, {
    clock,
    onGap: (callback: () => void) => streams.onForeignOpen(callback),
    onListening: (callback: (isListening: boolean) => void) => streams.onListening(callback),
  });
}

function tooLate(): ResonateTimeoutException {
  return new ResonateTimeoutException("too many requests wait for the engine");
}

/** Looks for work whenever the stream has opened, for as long as the network runs. */
function catchUp(
  network: Network,
  streams: PollStreams,
  worker: Pick<CatchUpOptions, "groups" | "pid" | "now">,
): void {
  const looks = new CatchUp({ ...worker, network, offer: (message) => streams.deliver(message) });
  streams.onForeignOpen(() => looks.look());
  const stop = network.stop.bind(network);
  network.stop = () => {
    looks.stop();
    return stop();
  };
}

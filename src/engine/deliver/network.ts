import type { Message, Network, Recv, Request, Response } from "@resonatehq/sdk";
import { ServiceError } from "../../lib/errors.ts";
import { anyAddress, NAME_PATTERN, uniAddress } from "../../protocol/addresses.ts";
import type { Reply } from "../decide/response.ts";
import type { Messenger } from "./messenger.ts";

export interface NetworkOptions {
  /** Group and name of the worker: letters, digits, `.`, `_`, `-`. */
  readonly group: string;
  /** Groups whose tasks it takes, too. */
  readonly moreGroups?: readonly string[];
  /** By default a name that no other worker has, before or after. */
  readonly pid?: string;
  /**
   * Makes the error for a reply that the SDK would not get over HTTP either (400, 500, 503 …). The SDK retries some
   * calls only on its own exception: `(cause) => new ResonateTimeoutException(cause)`.
   */
  readonly unavailable?: (cause: string) => Error;
}

export interface EngineNetwork extends Network {
  readonly pid: string;
  /** The engine's clock, which is always known here. */
  readonly clock: { now(): number; isCurrent(): boolean; asked(): void };
  /** Starts deliveries. Register all functions first, because work arrives at once. */
  start(): void;
}

export interface NetworkHost {
  readonly bootId: string;
  readonly messenger: Pick<Messenger, "connect">;
  /** The engine's clock, in milliseconds since 1970. */
  now(): number;
  send(request: unknown): Promise<Reply>;
}

/** Statuses that the SDK takes as a response; all others are failures of the platform to it. */
const RESPONSES: ReadonlySet<number> = new Set([200, 300, 404, 409, 422, 501]);

/** The engine as the SDK's network, without a wire in between. */
export function createNetwork(host: NetworkHost, options: NetworkOptions): EngineNetwork {
  const { group, moreGroups = [], unavailable = unavailableError } = options;
  const { pid = `local-${host.bootId}-${group}-${(count += 1)}` } = options;
  const groups = [...new Set([group, ...moreGroups])];
  for (const [field, name] of [...groups.map((name) => ["group", name]), ["pid", pid]] as const) {
    if (!NAME_PATTERN.test(name)) {
      throw new ServiceError(
        "INVALID_REQUEST",
        `${field} must be 1 to 128 letters, digits, '.', '_' or '-': it is ${JSON.stringify(name)}`,
      );
    }
  }
  let receive: ((message: Message) => void) | undefined;
  let disconnects: (() => void)[] = [];

  // The SDK takes `send` off the object. A reply is shaped by the request's kind, which no type can follow here.
  const send = async (request: Request): Promise<Response> => {
    const reply = await host.send(request);
    if (!RESPONSES.has(reply.head.status)) {
      throw unavailable(`${reply.head.status}: ${JSON.stringify(reply.data)}`);
    }
    return reply as Response;
  };

  return {
    pid,
    clock: { now: host.now, isCurrent: () => true, asked: () => undefined },
    unicast: uniAddress(group, pid),
    anycast: anyAddress(group, pid),
    match: (target) => anyAddress(target),
    send: send as Network["send"],
    recv: ((callback) => {
      receive = callback;
    }) satisfies Recv,
    // Called by the SDK's constructor, before anything is registered: too early to deliver.
    init: async () => undefined,
    start: () => {
      if (disconnects.length > 0) return;
      disconnects = groups.map((name) =>
        host.messenger.connect({
          group: name,
          pid,
          deliver: (message) => {
            if (receive === undefined) return false;
            receive(message);
            return true;
          },
          replaced: () => undefined,
        }),
      );
    },
    // Only ends deliveries: workflows in progress may still send requests.
    stop: async () => {
      for (const disconnect of disconnects) disconnect();
      disconnects = [];
    },
  };
}

let count = 0;

function unavailableError(cause: string): Error {
  const error = new Error(`platform failure: ${cause}`);
  error.name = "ResonateTimeoutException";
  return error;
}

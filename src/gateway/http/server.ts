import type { RequestListener, Server, ServerOptions } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { closeServer } from "../../lib/close-server.ts";
import { createServer } from "../../lib/http.ts";

export interface Listening {
  readonly port: number;
  /** `http://host:port` as this process is reached. */
  readonly url: string;
  /** Aborted when the server begins to close. */
  readonly draining: AbortSignal;
}

export interface RunningServer extends Listening {
  /** Aborts `draining`, and nothing else yet. */
  drain(): void;
  /**
   * Drains. Accepts connections for a while, because balancers do not know of the stop yet. Then accepts no more, waits for
   * open requests, and cuts the rest 20 s after the beginning.
   */
  close(): Promise<void>;
}

/** Milliseconds and bytes. */
export interface Limits
  extends Required<
    Pick<
      ServerOptions,
      | "headersTimeout"
      | "requestTimeout"
      | "connectionsCheckingInterval"
      | "keepAliveTimeout"
      | "maxHeaderSize"
    >
  > {
  /** From the call of `drain` to the end, for open requests. */
  readonly drainMs: number;
}

/**
 * Node's own limits wait for an hour for a client that sends one byte a minute. These allow slow networks, not slow
 * attackers: headers in 10 s, everything in 30 s, checked every 2 s.
 */
const LIMITS: Limits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  // Longer than the minute that load balancers keep idle connections, so that we never close one that is being used.
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
  // Orchestrators wait 30 s before they kill; this leaves time for the rest of the process.
  drainMs: 20_000,
};

/**
 * Connections that the kernel keeps for us until they are accepted; it takes no more than its own limit
 * (`net.core.somaxconn`). With Node's 511, a thousand people who press at once overflow it: the kernel drops what they
 * send, and their requests get 408 after `headersTimeout`.
 */
const BACKLOG = 4_096;

/**
 * Listens on `host:port` (0: any free port), and serves what `makeApp` makes, which is called once the port is known
 * and before the first request is handled.
 */
export async function listen(
  address: {
    readonly host: string;
    readonly port: number;
    readonly drainDelayMs?: number;
    /** What requests and responses are made of. Default: Node's own. */
    readonly classes?: Pick<ServerOptions, "IncomingMessage" | "ServerResponse">;
  },
  makeApp: (listening: Listening) => RequestListener,
  limits: Limits = LIMITS,
): Promise<RunningServer> {
  const server = createServer({ ...limits, ...address.classes });
  const draining = new AbortController();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: address.port, host: address.host, backlog: BACKLOG }, resolve);
  });
  const listening = { ...addressOf(server), draining: draining.signal };
  try {
    const app = makeApp(listening);
    server.on("request", app);
    // The handler that reads the body asks callers with `Expect: 100-continue` for it (`askForBody`). If a response comes
    // before that, Node ends the connection: the body may follow or not.
    server.on("checkContinue", app);
  } catch (error) {
    server.close();
    throw error;
  }
  let drainedAt = Number.POSITIVE_INFINITY;
  const drain = (): void => {
    drainedAt = Math.min(drainedAt, performance.now());
    draining.abort();
  };
  return {
    ...listening,
    drain,
    close: async () => {
      drain();
      const spentMs = () => performance.now() - drainedAt;
      const delayMs = (address.drainDelayMs ?? 0) - spentMs();
      if (delayMs > 0) await pause(delayMs);
      await closeServer(server, Math.max(0, limits.drainMs - spentMs()));
    },
  };
}

function addressOf(server: Server): { port: number; url: string } {
  const { address, family, port } = server.address() as AddressInfo;
  return { port, url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}` };
}

import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Listening {
  readonly port: number;
  /** `http://host:port` as this process is reached. */
  readonly url: string;
  /** Aborted when the server begins to close. */
  readonly draining: AbortSignal;
}

export interface RunningServer extends Listening {
  /** Takes no new connection, lets requests under way end, at most `DRAIN_MS`, then cuts the rest. */
  close(): Promise<void>;
}

/** Orchestrators wait 30 s before they kill; this leaves time for the rest of the process. */
const DRAIN_MS = 20_000;

/**
 * Node's own limits are an hour's patience for somebody who sends one byte a minute. These allow slow networks, not
 * slow attackers: headers in 10 s, everything in 30 s, checked every 2 s.
 */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  // Above the minute that load balancers keep idle connections, so that it is not we who close one being used.
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
} as const;

/**
 * Listens on `host:port` (0: any free port), and serves what `makeApp` makes, which is called once the port is known
 * and before the first request is handled.
 */
export async function listen(
  address: { readonly host: string; readonly port: number },
  makeApp: (listening: Listening) => RequestListener,
): Promise<RunningServer> {
  const server = createServer(LIMITS);
  const draining = new AbortController();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, resolve);
  });
  const listening = { ...addressOf(server), draining: draining.signal };
  try {
    server.on("request", makeApp(listening));
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    ...listening,
    close: () => {
      draining.abort();
      return drained(server);
    },
  };
}

function addressOf(server: Server): { port: number; url: string } {
  const { address, family, port } = server.address() as AddressInfo;
  return { port, url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}` };
}

function drained(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    // A kept-alive connection becomes idle when its last answer is out, and would stay open for a minute.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
    server.closeIdleConnections();
  });
}

import type { Server } from "node:http";
import { Server as ListeningServer } from "node:net";

/**
 * For this long a kept-alive connection may still bring a request, which is answered, with word that it was the last.
 * To close it at once would cut off a request that is on its way: its sender could not know whether it was done.
 */
const LAST_REQUEST_MS = 250;

/**
 * Closes a server gracefully: it accepts no new connection, answers the requests on its open ones, and closes each after
 * its response. Connections that are left after `limitMs` are cut.
 */
export function closeServer(server: Server, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    server.prependListener("request", (_request, response) => response.setHeader("Connection", "close"));
    let sweep: NodeJS.Timeout | undefined;
    const last = setTimeout(() => {
      sweep = setInterval(() => server.closeIdleConnections(), 50);
      server.closeIdleConnections();
    }, LAST_REQUEST_MS);
    const cut = setTimeout(() => server.closeAllConnections(), limitMs);
    // Not the HTTP server's own `close`, which cuts off idle connections before it does anything else.
    ListeningServer.prototype.close.call(server, () => {
      clearTimeout(last);
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
  });
}

/** Where orchestrators ask a worker whether it lives and can work. A gateway answers that beside everything else. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer } from "../lib/http.ts";

export interface WorkerHealthOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What keeps the worker from working; undefined: nothing. */
  readonly trouble: () => "stopping" | "misconfigured" | "engine unavailable" | undefined;
  readonly warnings: () => readonly string[];
}

export interface WorkerHealth {
  readonly url: string;
  close(): Promise<void>;
}

/** Probes ask for a line. */
const REQUEST_MS = 5_000;

/**
 * `GET /livez` is 200 while this process answers, and `GET /readyz` while the worker can work, as of a gateway.
 *
 * @throws when the port is taken
 */
export async function startWorkerHealth(options: WorkerHealthOptions): Promise<WorkerHealth> {
  const { host, port, trouble, warnings } = options;
  const server: Server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      const text = JSON.stringify(body);
      response.writeHead(status, {
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
      });
      response.end(request.method === "HEAD" ? undefined : text);
    };
    const [path] = (request.url ?? "").split("?", 1);
    if (path !== "/livez" && path !== "/readyz") return answer(404, { status: "not found" });
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return answer(405, { status: "method not allowed" });
    }
    if (path === "/livez") return answer(200, { status: "ok" });
    const status = trouble();
    if (status !== undefined) return answer(503, { status });
    const said = warnings();
    return answer(200, { status: "ready", ...(said.length > 0 && { warnings: said }) });
  });
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  server.listen(port, host);
  await once(server, "listening");
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

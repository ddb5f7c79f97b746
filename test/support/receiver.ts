/** A receiver of callbacks: a real HTTP(S) server on the loopback that remembers what reached it, and answers as told. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { CallbackEvent } from "../../src/approval/event.ts";
import type { Certificate } from "./certificate.ts";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders & Record<string, string>;
  readonly body: string;
  readonly event: CallbackEvent;
  readonly atMs: number;
}

/** How it answers the `n`th request, counted from 1: a status, or in any way. */
export type Behaviour = (n: number, received: Received, response: ServerResponse) => number | undefined;

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly Received[];
  /** Connections that were opened, whether or not anything was sent. */
  readonly connections: number;
  behave: Behaviour;
  ofType(type: CallbackEvent["type"]): Received[];
}

export async function startReceiver(
  behave: Behaviour = () => 204,
  { certificate, host = "127.0.0.1" }: { readonly certificate?: Certificate; readonly host?: string } = {},
): Promise<Receiver> {
  const requests: Received[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    void text(request).then((body) => {
      const received = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers as Received["headers"],
        body,
        event: parsed(body),
        atMs: Date.now(),
      };
      requests.push(received);
      const status = receiver.behave(requests.length, received, response);
      if (status !== undefined) response.writeHead(status).end();
    });
  };
  const server =
    certificate === undefined ? createServer(listener) : createSecureServer(certificate, listener);
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    // Callers that hang up are what tests are about.
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `${certificate === undefined ? "http" : "https"}://${host}:${port}/hooks`,
    port,
    requests,
    get connections() {
      return connections;
    },
    behave,
    ofType: (type) => requests.filter(({ event }) => event.type === type),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}

function parsed(body: string): CallbackEvent {
  return JSON.parse(body) as CallbackEvent;
}

/** Bare servers that answer `GET /wait?id=` out of the air: what HTTP alone costs here, with Express and without. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { runChild } from "../lib/child.ts";

export interface HelloReady {
  readonly nodeUrl: string;
  readonly expressUrl: string;
}

const ID_AT = "/wait?id=".length;

await runChild(async () => {
  const bare = createServer((request, response) => {
    const body = JSON.stringify(answer(request.url?.slice(ID_AT)));
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
    response.end(body);
  });
  const app = express();
  app.get("/wait", (req, res) => void res.json(answer(req.query["id"])));
  const servers = [bare.listen(0, "127.0.0.1"), app.listen(0, "127.0.0.1")];
  await Promise.all(servers.map((server) => once(server, "listening")));
  const [nodeUrl = "", expressUrl = ""] = servers.map(
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  );
  const ready: HelloReady = { nodeUrl, expressUrl };
  return {
    ready: { ...ready },
    stop: async () => {
      for (const server of servers) server.close();
      for (const server of servers) server.closeAllConnections();
    },
  };
});

function answer(id: unknown): object {
  return { status: "pending", promise_id: id, message: "Processing in progress" };
}

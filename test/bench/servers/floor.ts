/**
 * Only what cannot be avoided for the simple cycle: HTTP read and answered, JSON, and each change on disk before anybody
 * is told of it, where all that come together share one `fdatasync`. No workflow, no lease, no replay, no checks, no log.
 */
import { once } from "node:events";
import { open } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { runChild } from "../lib/child.ts";
import { openSignals, type Signal } from "../load/signals.ts";
import { SharedJournal } from "./shared-journal.ts";

export interface FloorOptions {
  readonly dataDir: string;
  readonly signalPort: number;
}

interface Run {
  readonly input: unknown;
  readonly result: PromiseWithResolvers<unknown>;
}

await runChild(async ({ dataDir, signalPort }: FloorOptions) => {
  const signal = await openSignals(signalPort);
  const file = await open(join(dataDir, "floor.journal"), "a");
  const routes = routesOf(new SharedJournal(file), signal);
  const server = createServer((request, response) => {
    answer(routes, request, response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ready: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await file.close();
    },
  };
});

type Route = (query: URLSearchParams, body: unknown) => Promise<object>;

function routesOf(journal: SharedJournal, signal: Signal): Readonly<Record<string, Route>> {
  const runs = new Map<string, Run>();
  return {
    "POST /begin": async (query, input) => {
      const id = query.get("id") ?? "";
      runs.set(id, { input, result: Promise.withResolvers<unknown>() });
      await journal.keep({ id, input });
      signal("rest", id);
      return { promise: id, status: "pending", wait: `/wait?id=${id}` };
    },
    "GET /wait": async (query) => {
      const id = query.get("id") ?? "";
      return { status: "resolved", promise_id: id, result: await runs.get(id)?.result.promise };
    },
    "POST /decide": async (query, decision) => {
      // The decision is a promise below the workflow: `<id>:0`.
      const id = query.get("id")?.split(":", 1)[0] ?? "";
      await journal.keep({ id, decision });
      runs.get(id)?.result.resolve({ ...(runs.get(id)?.input as object), ...(decision as object) });
      return { status: "resolved" };
    },
  };
}

async function answer(
  routes: Readonly<Record<string, Route>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  const route = routes[`${request.method} ${path}`];
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const found = await route?.(new URLSearchParams(query), text === "" ? undefined : JSON.parse(text));
  const body = Buffer.from(JSON.stringify(found ?? { status: "unknown" }));
  const headers = { "Content-Type": "application/json", "Content-Length": body.length };
  response.writeHead(found === undefined ? 404 : 200, headers).end(body);
}

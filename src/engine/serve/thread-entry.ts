/** The engine's own thread: what runs there. Any exception here ends the process, which then restarts from disk. */
import { parentPort, workerData } from "node:worker_threads";
import { openEngine } from "../engine.ts";
import type { EngineLog } from "../log.ts";
import { serveEngine } from "./http.ts";
import {
  type Asked,
  type FromThread,
  halvesOf,
  inPieces,
  type ThreadStart,
  type Told,
  type ToThread,
} from "./thread-port.ts";

const port = parentPort;
if (port === null) throw new Error("This file runs in a thread of its own: see thread.ts");

const tell = (news: FromThread) => port.postMessage(news);
const log: EngineLog = {
  warn: (fields, message) => tell({ kind: "log", level: "warn", fields, message }),
  error: (fields, message) => tell({ kind: "log", level: "error", fields, message }),
};

const { dataDir, keepMs, serve } = workerData as ThreadStart;
const engine = openEngine({ dataDir, keepMs, log });
const server = serve && (await serveEngine(engine, serve));

/** How to end the deliveries of each connection. */
const disconnects = new Map<number, () => void>();
let told: Told = { replies: [], messages: [] };
let isTelling = false;

port.on("message", (order: ToThread) => {
  switch (order.kind) {
    case "ask":
      for (const [n, request] of JSON.parse(order.requests) as Asked[]) {
        void engine.local.send(request).then((reply) => {
          told.replies.push([n, reply]);
          tellSoon();
        });
      }
      return;
    case "connect":
      connect(order);
      return;
    case "disconnect":
      disconnects.get(order.connection)?.();
      disconnects.delete(order.connection);
      return;
    case "close":
      void close();
      return;
  }
});
tell({ kind: "open", bootId: engine.bootId, url: server?.url });

/** Everything of one commit leaves in one piece: its replies, and its messages, which are delivered a turn later. */
function tellSoon(): void {
  if (isTelling) return;
  isTelling = true;
  setImmediate(tellNow);
}

function tellNow(): void {
  if (!isTelling) return;
  isTelling = false;
  for (const piece of inPieces(told, halvesOfTold)) tell({ kind: "tell", told: piece });
  told = { replies: [], messages: [] };
}

/** Replies first, as in one piece. */
function halvesOfTold({ replies, messages }: Told): Told[] {
  if (replies.length > 1) {
    const [first = [], ...rest] = halvesOf(replies);
    return [{ replies: first, messages: [] }, ...rest.map((half) => ({ replies: half, messages }))];
  }
  const halves = halvesOf(messages).map((half) => ({ replies: [], messages: half }));
  return replies.length === 0 ? halves : [{ replies, messages: [] }, ...halves];
}

function connect({ connection, group, pid }: Extract<ToThread, { kind: "connect" }>): void {
  const disconnect = engine.local.delivery.connect({
    group,
    pid,
    deliver: (message) => {
      told.messages.push([connection, message]);
      tellSoon();
      return true;
    },
    replaced: () => {
      disconnects.delete(connection);
      tell({ kind: "replaced", connection });
    },
  });
  disconnects.set(connection, disconnect);
}

async function close(): Promise<void> {
  await server?.close();
  await engine.close();
  // Its last replies are still on their way to here.
  await new Promise((resolve) => setImmediate(resolve));
  tellNow();
  port?.close();
}

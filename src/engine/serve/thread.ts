import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { ServiceError } from "../../lib/errors.ts";
import { parseEnvelope } from "../../protocol/parse.ts";
import { type Reply, refuse, reply } from "../decide/answer.ts";
import type { Connection } from "../deliver/group.ts";
import { createNetwork, type EngineNetwork, type NetworkOptions } from "../deliver/network.ts";
import type { EngineLog } from "../log.ts";
import {
  type Asked,
  type FromThread,
  halvesOf,
  inPieces,
  type ThreadStart,
  type Told,
  type ToThread,
} from "./thread-port.ts";

export interface EngineThreadOptions extends ThreadStart {
  readonly log: EngineLog;
}

/** The engine in a thread of its own, so that writes to disk delay nothing else. */
export interface EngineThread {
  /** `http://127.0.0.1:port` where other processes reach it, if it serves any. */
  readonly url: string | undefined;
  /** The SDK's `Network` in this process; `start()` begins deliveries. */
  network(options: NetworkOptions): EngineNetwork;
  /** Answers pending requests, writes what is outstanding and closes the files. */
  close(): Promise<void>;
}

/** The thread's file, as source in a checkout, compiled in the package: a name in a text is not rewritten with the imports. */
const ENTRY = new URL(`./thread-entry${extname(import.meta.url)}`, import.meta.url);

/** What a commit makes is garbage after it: more room than this only makes the process larger. */
const YOUNG_MB = 12;

/** Opens the engine on its folder in a thread, or throws what `openEngine` and `serveEngine` throw. */
export async function startEngineThread(options: EngineThreadOptions): Promise<EngineThread> {
  const { log, dataDir, keepMs, serve } = options;
  const start: ThreadStart = { dataDir, keepMs, serve };
  const thread = new Worker(ENTRY, {
    workerData: start,
    name: "engine",
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const opened = Promise.withResolvers<Extract<FromThread, { kind: "open" }>>();
  const asked = new Map<number, (reply: Reply) => void>();
  const connections = new Map<number, Connection>();
  /** Requests that wait to go over. */
  let requests: Asked[] = [];
  /** Requests that went over and are not answered. */
  let away = 0;
  let count = 0;
  let closing: Promise<void> | undefined;

  const order = (what: ToThread) => thread.postMessage(what);
  const hear = ({ replies, messages }: Told) => {
    for (const [n, answer] of replies) {
      asked.get(n)?.(answer);
      asked.delete(n);
    }
    away -= replies.length;
    if (requests.length > 0) setImmediate(sendInTurn);
    for (const [connection, message] of messages) connections.get(connection)?.deliver(message);
  };
  thread.on("message", (news: FromThread) => {
    switch (news.kind) {
      case "open":
        opened.resolve(news);
        return;
      case "tell":
        hear(JSON.parse(news.told) as Told);
        return;
      case "replaced":
        connections.get(news.connection)?.replaced();
        connections.delete(news.connection);
        return;
      case "log":
        log[news.level](news.fields, news.message);
        return;
    }
  });
  // A process without its engine is useless. After a restart it has everything that was acknowledged.
  let isOpen = false;
  thread.on("error", (error) => {
    if (isOpen) throw error;
    opened.reject(error);
  });
  const { bootId, url } = await opened.promise;
  isOpen = true;

  const send = (request: unknown): Promise<Reply> => {
    if (closing !== undefined) {
      return Promise.resolve(reply(parseEnvelope(request), refuse(503, "The engine is closed")));
    }
    return new Promise((resolve) => {
      const n = (count += 1);
      asked.set(n, resolve);
      requests.push([n, request]);
      // Nobody is waited for who is not there.
      if (asked.size === 1) queueMicrotask(sendInTurn);
      else if (requests.length === 1) setImmediate(sendInTurn);
    });
  };
  // Each trip wakes the thread and ends in a write to disk, so requests that arrive while it works share the next trip.
  const sendInTurn = () => {
    if (away === 0) sendRequests();
  };
  const sendRequests = () => {
    if (requests.length === 0) return;
    away += requests.length;
    for (const piece of inPieces(requests, halvesOf)) order({ kind: "ask", requests: piece });
    requests = [];
  };
  const connect = (connection: Connection): (() => void) => {
    const name = (count += 1);
    connections.set(name, connection);
    order({ kind: "connect", connection: name, group: connection.group, pid: connection.pid });
    return () => {
      if (connections.delete(name)) order({ kind: "disconnect", connection: name });
    };
  };

  return {
    url,
    network: (network) => {
      if (closing !== undefined) throw new ServiceError("ENGINE_UNAVAILABLE", "The engine is closed");
      return createNetwork({ bootId, delivery: { connect }, now: () => Date.now(), send }, network);
    },
    close: () => {
      closing ??= (async () => {
        sendRequests();
        order({ kind: "close" });
        await once(thread, "exit");
      })();
      return closing;
    },
  };
}

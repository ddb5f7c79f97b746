import { once } from "node:events";
import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { ServiceError } from "../../lib/errors.ts";
import type { EngineNetwork, NetworkOptions } from "../deliver/network.ts";
import type { EngineLog } from "../log.ts";
import { EngineClient } from "./thread-client.ts";
import type { EngineKnown, FromThread, ThreadStart, ToThread } from "./thread-port.ts";
import type { Guest } from "./thread-run.ts";

export interface EngineThreadOptions extends ThreadStart {
  readonly log: EngineLog;
  /** The thread's file: one that calls `runEngineThread`. Default: one without a guest. */
  readonly entry?: URL;
}

/** The engine in a thread of its own, so that a commit to disk delays no other work of the process. */
export interface EngineThread {
  /** `http://127.0.0.1:port` where other processes reach it, if it serves any. */
  readonly url: string | undefined;
  /** The SDK's `Network` in this thread; `start()` begins deliveries. */
  network(options: NetworkOptions): EngineNetwork;
  /** A line to the engine for yet another thread, to be handed to it; see `connectThread`. */
  line(): EngineLine;
  /**
   * Starts the guest that the thread's file knows, once.
   *
   * @param what whatever the guest needs to know; it is copied
   * @param hear gets what the guest says
   */
  host(what: unknown, hear: (said: unknown) => void): Promise<Guest>;
  /** Answers what was sent, writes what is outstanding and lets the files go. */
  close(): Promise<void>;
}

/** What another thread needs to reach the engine. The port must be transferred to it. */
export interface EngineLine extends EngineKnown {
  readonly port: MessagePort;
}

/** The thread's file, as source in a checkout, compiled in the package: a name in a text is not rewritten with the imports. */
const ENTRY = new URL(`./thread-entry${extname(import.meta.url)}`, import.meta.url);

/**
 * Room for young objects. The workflows beside the engine make most of them, and keep them for as long as an approval is asked
 * and answered: with a quarter of this room, many grow old before they are garbage, and an approval costs a seventh more.
 */
const YOUNG_MB = 48;

/** Opens the engine on its folder in a thread, or throws what `openEngine` and `serveEngine` throw. */
export async function startEngineThread(options: EngineThreadOptions): Promise<EngineThread> {
  const { log, entry = ENTRY, dataDir, keepMs, isProjected = false, isTrailed = false, serve } = options;
  const start: ThreadStart = { dataDir, keepMs, isProjected, isTrailed, serve };
  const thread = new Worker(entry, {
    workerData: start,
    name: "engine",
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const opened = Promise.withResolvers<Extract<FromThread, { kind: "open" }>>();
  const hosted = Promise.withResolvers<void>();
  const dismissed = Promise.withResolvers<void>();
  let hear: (said: unknown) => void = () => undefined;
  let client: EngineClient | undefined;
  let closing: Promise<void> | undefined;

  const order = (what: ToThread, transfer: readonly MessagePort[] = []) => thread.postMessage(what, transfer);
  thread.on("message", (news: FromThread) => {
    switch (news.kind) {
      case "open":
        return opened.resolve(news);
      case "hosted":
        return settle(hosted, news);
      case "dismissed":
        return settle(dismissed, news);
      case "said":
        return hear(news.what);
      case "log":
        return log[news.level](news.fields, news.message);
      default:
        return client?.hear(news);
    }
  });
  // A process without its engine is of no use; started again, it has all that was acknowledged.
  let isOpen = false;
  thread.on("error", (error) => {
    if (isOpen) throw error;
    opened.reject(error);
  });
  const { bootId, time, url } = await opened.promise;
  isOpen = true;
  const own = new EngineClient(thread, { bootId, time });
  client = own;

  return {
    url,
    network: (network) => own.network(network),
    line: () => {
      if (closing !== undefined) throw new ServiceError("ENGINE_UNAVAILABLE", "The engine is closed");
      const { port1, port2 } = new MessageChannel();
      order({ kind: "attach", port: port1 }, [port1]);
      return { port: port2, bootId, time };
    },
    host: async (what, listener) => {
      hear = listener;
      order({ kind: "host", what });
      await hosted.promise;
      return {
        stop: () => {
          order({ kind: "dismiss" });
          return dismissed.promise;
        },
      };
    },
    close: () => {
      closing ??= (async () => {
        own.close();
        order({ kind: "close" });
        await once(thread, "exit");
      })();
      return closing;
    },
  };
}

/** The engine from a thread that has got a line to it. */
export function connectThread({ port, ...known }: EngineLine): Pick<EngineThread, "network" | "close"> {
  const client = new EngineClient(port, known);
  port.on("message", (news) => client.hear(news));
  return {
    network: (options) => client.network(options),
    close: async () => {
      client.close();
      port.close();
    },
  };
}

function settle(
  { resolve, reject }: PromiseWithResolvers<void>,
  { error }: { readonly error?: unknown },
): void {
  if (error === undefined) resolve();
  else reject(error);
}

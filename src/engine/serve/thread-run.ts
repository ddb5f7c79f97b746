/** What runs in the engine's own thread. Whatever is thrown here ends the process, which starts again from disk. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { type Engine, openEngine } from "../engine.ts";
import type { EngineLog } from "../log.ts";
import { openMachineClock } from "../machine-clock.ts";
import type { Projection } from "../store/projection.ts";
import type { Trail } from "../store/trail.ts";
import { serveEngine } from "./http.ts";
import { shareTime } from "./shared-time.ts";
import type { FromThread, PortOrder, ThreadStart, ToThread } from "./thread-port.ts";
import { ThreadServer } from "./thread-server.ts";

/** Work that lives in the engine's thread, whose requests cross no thread. */
export interface Guest {
  /** Ends what it does, while the engine still answers. */
  stop(): Promise<void>;
}

/**
 * Starts the guest.
 *
 * @param what what the other thread sent along
 * @param say sends a value to that thread
 */
export type StartGuest = (engine: Engine, what: unknown, say: (what: unknown) => void) => Promise<Guest>;

/** Opens the engine that the thread was started for, and serves it. Call it once, at the top of the thread's file. */
export async function runEngineThread(
  startGuest?: StartGuest,
  { projection, trail }: { readonly projection?: Projection; readonly trail?: Trail } = {},
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("This file runs in a thread of its own: see thread.ts");
  const tell = (news: FromThread) => port.postMessage(news);
  const log: EngineLog = {
    warn: (fields, message) => tell({ kind: "log", level: "warn", fields, message }),
    error: (fields, message) => tell({ kind: "log", level: "error", fields, message }),
  };
  const { dataDir, keepMs, isProjected, isTrailed, serve } = workerData as ThreadStart;
  const { clock, time, stop } = shareTime(openMachineClock(log));
  const engine = openEngine({
    dataDir,
    keepMs,
    log,
    clock,
    projection: isProjected ? projection : undefined,
    trail: isTrailed ? trail : undefined,
  });
  const server = serve && (await serveEngine(engine, serve));
  const parent = new ThreadServer(engine, port);
  const others: { readonly server: ThreadServer; readonly port: MessagePort }[] = [];
  let guest: Guest | undefined;

  const attach = (other: MessagePort) => {
    const served = new ThreadServer(engine, other);
    other.on("message", (order: PortOrder) => served.hear(order));
    other.on("close", () => served.leave());
    others.push({ server: served, port: other });
  };
  const host = async (what: unknown) => {
    if (startGuest === undefined) throw new Error("This thread takes no guest");
    guest = await startGuest(engine, what, (said) => tell({ kind: "said", what: said }));
  };
  const close = async () => {
    await server?.close();
    await engine.close();
    stop();
    // Its last replies are still on their way to here.
    await new Promise((resolve) => setImmediate(resolve));
    for (const served of [...others, { server: parent, port }]) {
      served.server.tellNow();
      served.port.close();
    }
  };

  port.on("message", (order: ToThread) => {
    switch (order.kind) {
      case "attach":
        return attach(order.port);
      case "host":
        void host(order.what).then(
          () => tell({ kind: "hosted" }),
          (error: unknown) => tell({ kind: "hosted", error }),
        );
        return;
      case "dismiss":
        void Promise.resolve(guest?.stop()).then(
          () => tell({ kind: "dismissed" }),
          (error: unknown) => tell({ kind: "dismissed", error }),
        );
        return;
      case "close":
        void close();
        return;
      default:
        return parent.hear(order);
    }
  });
  tell({ kind: "open", bootId: engine.bootId, time, url: server?.url });
}

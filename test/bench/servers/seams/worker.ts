import { startWorker as start, type Worker, type WorkerOptions } from "../../../../worker/runtime/worker.ts";
import { openSignals } from "../../load/signals.ts";
import { tapped } from "../tap.ts";
import { takenLink } from "./mailer.ts";
import { counted, seams } from "./seams.ts";

export * from "../../../../worker/runtime/worker.ts";

const signal = await openSignals(seams().signalPort);

/** Counts what the worker asks, and signals what comes to rest. */
export function startWorker(options: WorkerOptions): Worker {
  const { network } = options;
  return start({
    ...options,
    network: { ...network, send: tapped(counted(network.send), signal, takenLink) },
  });
}

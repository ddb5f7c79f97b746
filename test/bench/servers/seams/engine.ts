import {
  type EngineThread,
  type EngineThreadOptions,
  startEngineThread as start,
} from "../../../../src/engine/serve/thread.ts";
import { seams } from "./seams.ts";

export * from "../../../../src/engine/serve/thread.ts";

/** Starts it, with the tap between it and whoever is in this process. */
export async function startEngineThread(options: EngineThreadOptions): Promise<EngineThread> {
  const engine = await start(options);
  return {
    ...engine,
    network: (of) => {
      const network = engine.network(of);
      return { ...network, send: seams.tap(network.send) };
    },
  };
}

import { type Engine, type EngineOptions, openEngine as open } from "../../../../src/engine/engine.ts";
import { seams } from "./seams.ts";

export * from "../../../../src/engine/engine.ts";

/** Opens it, with the tap between it and whoever is in this process. */
export function openEngine(options: EngineOptions): Engine {
  const engine = open(options);
  seams.engine = engine;
  return {
    ...engine,
    network: (of) => {
      const network = engine.network(of);
      return { ...network, send: seams.tap(network.send) };
    },
  };
}

import type { EngineThread } from "../engine/serve/thread.ts";
import type { Guest } from "../engine/serve/thread-run.ts";
import type { BuiltInStart } from "./built-ins.ts";
import type { Onlooker } from "./compose-worker.ts";
import { onFirstTask } from "./first-task.ts";
import { hearWorker, type WorkerNews } from "./worker-news.ts";

export interface BuiltInsOptions extends Omit<BuiltInStart, "isWatched"> {
  readonly engine: Pick<EngineThread, "network" | "host">;
  /** `WORKER_GROUP`. */
  readonly group: string;
  /** The worker group of the built-in workflows. */
  readonly builtInGroup: string;
  readonly onlooker: Onlooker | undefined;
  /** Gets each line of the worker's log. */
  readonly write: (line: string) => void;
}

/**
 * Starts the worker of the built-in workflows in the engine's thread when its first task waits. Its modules take a third
 * of a second of processor time and 25 MB. So a start is ready sooner, and the first approval after it waits for them,
 * once.
 *
 * If the worker cannot start, the process ends. Settings that would be the reason are checked before: see compose-all.ts.
 */
export function startBuiltInsLater(options: BuiltInsOptions): Guest {
  const { engine, group, builtInGroup, onlooker, write, ...start } = options;
  let guest: Promise<Guest> | undefined;
  const run = () => {
    const what: BuiltInStart = { ...start, isWatched: onlooker !== undefined };
    guest = engine.host(what, (said) => hearWorker(said as WorkerNews, write, onlooker));
    void guest;
  };
  const watch = onFirstTask(engine, start.isAlone ? [builtInGroup, group] : [builtInGroup], run);
  return {
    async stop() {
      await watch.stop();
      await (await guest)?.stop();
    },
  };
}

import type { EngineThread } from "../engine/serve/thread.ts";
import type { Guest } from "../engine/serve/thread-run.ts";
import type { BuiltInStart } from "./built-ins.ts";
import { onFirstTask } from "./first-task.ts";
import { type Hearers, hearWorker, type WorkerNews } from "./worker-news.ts";

export interface BuiltInsOptions extends Omit<BuiltInStart, "isWatched"> {
  readonly engine: Pick<EngineThread, "network" | "host">;
  /** `WORKER_GROUP`. */
  readonly group: string;
  /** The worker group of the built-in workflows. */
  readonly builtInGroup: string;
  /** Starts at once where metrics are on, because they tell of the engine too. */
  readonly heard: Hearers;
}

/**
 * Starts the worker of the built-in workflows in the engine's thread when its first task waits. Its modules take a third
 * of a second of processor time and 25 MB. So a start is ready sooner, and the first approval after it waits for them,
 * once.
 *
 * If the worker cannot start, the process ends. Settings that would be the reason are checked before: see compose-all.ts.
 */
export function startBuiltInsLater(options: BuiltInsOptions): Guest {
  const { engine, group, builtInGroup, heard, ...start } = options;
  let guest: Promise<Guest> | undefined;
  const run = () => {
    const what: BuiltInStart = { ...start, isWatched: heard.onlooker !== undefined };
    guest = engine.host(what, (said) => hearWorker(said as WorkerNews, heard));
    void guest;
  };
  const isEager = heard.metrics !== undefined;
  if (isEager) run();
  const groups: readonly [string, ...string[]] = start.isAlone ? [builtInGroup, group] : [builtInGroup];
  const watch = isEager ? undefined : onFirstTask(engine, groups, run);
  return {
    async stop() {
      await watch?.stop();
      await (await guest)?.stop();
    },
  };
}

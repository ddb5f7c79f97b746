import type { Engine } from "../engine/engine.ts";
import type { Measures } from "../lib/measures.ts";

const MEASURED_EVERY_MS = 5_000;

/** Counts what the engine has done since the last time, until the timer is cleared. It runs in the engine's own thread. */
export function measureEngine(
  { stats, load }: Pick<Engine, "stats" | "load">,
  measures: Measures,
): NodeJS.Timeout {
  let told = { requests: 0, commits: 0, checkpoints: 0, checkpointFailures: 0, halted: 0 };
  const tell = () => {
    const now = { ...stats };
    const { queued, journalBytes } = load();
    measures.set("countersign.engine.queue", queued);
    measures.set("countersign.engine.journal", journalBytes);
    measures.count("countersign.engine.requests", {}, now.requests - told.requests);
    measures.count("countersign.engine.commits", {}, now.commits - told.commits);
    const done = now.checkpoints - told.checkpoints;
    measures.count("countersign.engine.checkpoints", { result: "done" }, done);
    const failed = now.checkpointFailures - told.checkpointFailures;
    measures.count("countersign.engine.checkpoints", { result: "failed" }, failed);
    measures.count("countersign.engine.workflows.halted", {}, now.halted - told.halted);
    told = now;
  };
  tell();
  return setInterval(tell, MEASURED_EVERY_MS).unref();
}

/** The worker for the built-in workflows, as a guest in the engine's thread. */
import { ResonateTimeoutException } from "@resonatehq/sdk";
import { loadConfig } from "../config/config.ts";
import type { Env } from "../config/env.ts";
import type { StartGuest } from "../engine/serve/thread-run.ts";
import { composeWorker, STOP_GRACE_MS } from "./compose-worker.ts";
import { measureEngine } from "./measure-engine.ts";
import { saidLog, saidMeasures, saidOnlooker, type WorkerNews } from "./worker-news.ts";

/** What the worker beside the engine is started with. */
export interface BuiltInStart {
  readonly settings: Env;
  /** Origin of every link. */
  readonly publicUrl: string;
  /** Port of the development mailbox, if there is one. */
  readonly mailboxPort: number | undefined;
  /** There is no other worker in this process, so it takes calls of every group. */
  readonly isAlone: boolean;
  /** Somebody looks on. */
  readonly isWatched: boolean;
}

export const startBuiltIns: StartGuest = async (engine, what, say: (news: WorkerNews) => void) => {
  const { settings, publicUrl, mailboxPort, isAlone, isWatched } = what as BuiltInStart;
  const config = loadConfig(settings, "all");
  const { group, builtInGroup } = config.worker;
  const network = engine.network({
    group: builtInGroup,
    moreGroups: isAlone ? [group] : [],
    unavailable: (cause) => new ResonateTimeoutException(cause),
  });
  const measured = saidMeasures(config, say);
  const worker = composeWorker({
    config,
    ...measured,
    network,
    pid: network.pid,
    group: builtInGroup,
    log: saidLog(config, "countersign", say),
    publicUrl,
    mailboxPort,
    onlooker: isWatched ? saidOnlooker(say) : undefined,
  });
  network.start();
  const measuring = measured.measures && measureEngine(engine, measured.measures);
  return {
    async stop() {
      await worker.stop(STOP_GRACE_MS);
      clearInterval(measuring);
    },
  };
};

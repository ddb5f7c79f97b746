import type { Logger } from "../lib/log.ts";
import { hasRoom } from "../lib/storage.ts";
import { Trouble } from "../lib/trouble.ts";

const EVERY_MS = 10_000;

/**
 * Looks at the disk of the data folder, and logs once when it takes nothing more, or nearly nothing, and once when it does
 * again: before the engine has to refuse.
 */
export function watchStorage(dataDir: string, log: Logger, everyMs = EVERY_MS): { stop(): void } {
  const trouble = new Trouble({
    begins: (why) => log.error({ dataDir }, why),
    ends: (seconds) => log.info({ dataDir, seconds }, "The disk of DATA_DIR has room again"),
  });
  let isStopped = false;
  const look = async () => {
    const isGood = await hasRoom(dataDir);
    if (!isStopped) trouble.note(isGood ? undefined : { kind: "full", why: FULL });
  };
  void look();
  const timer = setInterval(() => void look(), everyMs).unref();
  return {
    stop: () => {
      isStopped = true;
      clearInterval(timer);
    },
  };
}

const FULL =
  "The disk of DATA_DIR has less than 16 MiB left, or cannot be written: requests that change something will be refused";

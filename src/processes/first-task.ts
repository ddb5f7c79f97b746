import type { EngineThread } from "../engine/serve/thread.ts";

/**
 * Calls `come` as soon as a task waits in one of the worker groups, once. Until then it stands in them like a worker, and
 * then leaves them: what the engine has handed to it, and everything else that waits, goes to the next worker that comes.
 */
export function onFirstTask(
  engine: Pick<EngineThread, "network">,
  [group, ...moreGroups]: readonly [string, ...string[]],
  come: () => void,
): { stop(): Promise<void> } {
  const standIn = engine.network({ group, moreGroups });
  let isOver = false;
  const stop = async () => {
    isOver = true;
    await standIn.stop();
  };
  standIn.recv(({ kind }) => {
    if (isOver || kind !== "execute") return;
    void stop();
    come();
  });
  standIn.start();
  return { stop };
}

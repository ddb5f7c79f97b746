import type { Message } from "@resonatehq/sdk";
import { expect, onTestFinished, test, vi } from "vitest";
import { SILENT } from "../../../src/engine/log.ts";
import { startEngineThread } from "../../../src/engine/serve/thread.ts";
import { onFirstTask } from "../../../src/processes/first-task.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { create, rootTags } from "../../support/engine-requests.ts";
import { untilPasses } from "../../support/eventually.ts";

const FUTURE = Date.now() + 86_400_000;

async function site() {
  const engine = await startEngineThread({
    dataDir: temporaryFolder(),
    keepMs: undefined,
    serve: undefined,
    log: SILENT,
  });
  onTestFinished(() => engine.close());
  const gateway = engine.network({ group: "gateway" });
  const begin = (id: string) => gateway.send(create(id, FUTURE, rootTags(id)) as never);
  const taken: string[] = [];
  const join = () => {
    const worker = engine.network({ group: "worker" });
    worker.recv((message: Message) => {
      if (message.kind === "execute") taken.push(message.data.task.id);
    });
    worker.start();
  };
  return { engine, begin, join, taken };
}

test("the first task of a group calls once, and the worker that comes then gets every task at once", async () => {
  const { engine, begin, join, taken } = await site();
  const come = vi.fn();
  onFirstTask(engine, ["worker"], come);
  await Promise.all(["a", "b", "c"].map(begin));
  await untilPasses(() => expect(come).toHaveBeenCalled());
  await begin("d");
  join();
  await untilPasses(() => expect(taken.toSorted()).toEqual(["a", "b", "c", "d"]));
  expect(come).toHaveBeenCalledOnce();
});

test("a task that waited before the watch began calls too", async () => {
  const { engine, begin } = await site();
  await begin("a");
  const come = vi.fn();
  onFirstTask(engine, ["worker"], come);
  await untilPasses(() => expect(come).toHaveBeenCalledOnce());
});

test("tasks of other groups, and tasks after the end of the watch, call nobody", async () => {
  const { engine, begin, join, taken } = await site();
  const come = vi.fn();
  onFirstTask(engine, ["others"], come);
  const watch = onFirstTask(engine, ["worker"], come);
  await watch.stop();
  join();
  await begin("a");
  await untilPasses(() => expect(taken).toEqual(["a"]));
  expect(come).not.toHaveBeenCalled();
});

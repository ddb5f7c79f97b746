import { expect, test } from "vitest";
import type { TaskRow } from "../../../../src/engine/decide/state.ts";
import { Messenger } from "../../../../src/engine/deliver/messenger.ts";
import { taskRow } from "../../../support/engine-rows.ts";
import { FakeClock, settled } from "../../../support/fake-clock.ts";

/** A messenger over tasks in memory, which counts the pages that it reads. */
function waiting() {
  const clock = new FakeClock();
  const rows = new Map<string, TaskRow>();
  const read = { pages: 0 };
  const messenger = new Messenger({
    clock,
    onPaid: () => undefined,
    source: {
      task: (id) => rows.get(id),
      pendingTasks: (_group, after, limit) => {
        read.pages += 1;
        return [...rows.values()].filter(({ id }) => id > after).slice(0, limit);
      },
      owedTo: () => [],
    },
  });
  const worker = (pid: string) => {
    const got: string[] = [];
    messenger.connect({
      group: "worker",
      pid,
      deliver: (message) => {
        if (message.kind === "execute") got.push(message.data.task.id);
        return true;
      },
      replaced: () => undefined,
    });
    const acquire = async (id: string) => {
      rows.delete(id);
      messenger.taskChanged(taskRow(id, { state: "acquired", version: 1, pid }));
      await settled();
    };
    return { got, acquire };
  };
  const start = async (...ids: string[]) => {
    for (const id of ids) rows.set(id, taskRow(id, { version: 0 }));
    const execute = (id: string) =>
      ({ kind: "execute", head: {}, data: { task: { id, version: 0 } } }) as const;
    messenger.send(ids.map((id) => ({ address: "poll://any@worker", message: execute(id) })));
    await settled();
  };
  return { clock, read, worker, start };
}

test("while those who take tasks are full, the backlog is not paged through again at each task that one of them takes", async () => {
  const { clock, read, worker, start } = waiting();
  const [idle, busy] = [worker("idle"), worker("busy")];
  await start("a", "b");
  const [own = ""] = busy.got;
  await busy.acquire(own);
  // The other one takes nothing, so that this one gets what it had.
  await clock.advance(1_000);
  await busy.acquire(busy.got[1] ?? "");
  await start(...Array.from({ length: 3_000 }, (_, n) => `t${String(n).padStart(4, "0")}`));
  expect([idle.got.length, busy.got.length]).toEqual([1, 2 + 256]);
  read.pages = 0;
  for (let n = 2; n < 52; n += 1) await busy.acquire(busy.got[n] ?? "");
  // One for each that it took, and a few to come by those that it has.
  expect(busy.got).toHaveLength(2 + 256 + 50);
  expect(new Set(busy.got).size).toBe(2 + 256 + 50);
  expect(read.pages).toBeLessThanOrEqual(60);
});

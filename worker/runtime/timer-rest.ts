import type { PromiseRecord, Send, TaskHaltReq, TaskSuspendReq } from "@resonatehq/sdk";
import { originOfId, PROTOCOL_VERSION } from "../../src/durable/lineage.ts";
import type { HeldTask } from "./messages.ts";

/**
 * Puts the task of a timer to rest. Other servers than ours offer such a task like any other. The SDK drops it, so that its
 * lease runs out and the server offers it again, once a lease for each timer that waits. At rest, its deadline alone ends
 * it.
 *
 * It waits for the root of its tree as a workflow waits for another, so that nothing looks halted. If the root has ended,
 * or there is none, the task is halted. Halted or waiting, the deadline ends the timer and wakes who waits for it.
 */
export async function putToRest(send: Send, { id, version }: HeldTask, timer: PromiseRecord): Promise<void> {
  const head = () => ({ corrId: crypto.randomUUID(), version: PROTOCOL_VERSION });
  try {
    const root = originOfId(timer.id);
    if (root !== id) {
      const data = { awaiter: id, awaited: root };
      const actions = [{ kind: "promise.register_callback" as const, head: head(), data }];
      const suspend: TaskSuspendReq = { kind: "task.suspend", head: head(), data: { id, version, actions } };
      const { status } = (await send(suspend)).head;
      // 409: it is not ours any more.
      if (status === 200 || status === 409) return;
    }
    const halt: TaskHaltReq = { kind: "task.halt", head: head(), data: { id } };
    await send(halt);
  } catch {
    // The lease runs out, and the next worker that is offered the task tries again.
  }
}

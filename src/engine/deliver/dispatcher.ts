import type { Address } from "../../protocol/addresses.ts";
import type { Message } from "../../protocol/records.ts";
import type { Owed } from "../store/owed-messages.ts";
import type { Assignments } from "./assignments.ts";
import type { Groups } from "./groups.ts";

/** Finds a connected worker for one message. */
export class Dispatcher {
  readonly #groups: Groups;
  readonly #assignments: Assignments;
  readonly #onPaid: (debt: Owed) => void;

  constructor(groups: Groups, assignments: Assignments, onPaid: (debt: Owed) => void) {
    this.#groups = groups;
    this.#assignments = assignments;
    this.#onPaid = onPaid;
  }

  /** Hands a task to a worker of its address. */
  execute(to: Address, { id, version }: { id: string; version: number }): "handed" | "nobody" | "full" {
    const group = this.#groups.get(to.group);
    const candidates = this.#assignments.othersFirst(group?.candidates(to) ?? [], id);
    for (const worker of candidates) {
      const isAnother = this.#assignments.workerOf(id) !== worker;
      if (isAnother && !worker.hasRoom) continue;
      const message = { kind: "execute", head: {}, data: { task: { id, version } } } as const;
      if (!worker.connection.deliver(message)) continue;
      this.#assignments.hand(id, version, worker);
      return "handed";
    }
    if (candidates.length === 0) return "nobody";
    group?.fallBehind();
    return "full";
  }

  /** Tells an address of a promise's end. False if nobody took the message: it stays owed. */
  unblock(to: Address, address: string, message: Extract<Message, { kind: "unblock" }>): boolean {
    const isTaken = this.#groups.candidates(to).some((worker) => worker.connection.deliver(message));
    if (isTaken) this.#onPaid({ address, promiseId: message.data.promise.id });
    return isTaken;
  }
}

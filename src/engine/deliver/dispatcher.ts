import type { Address } from "../../protocol/addresses.ts";
import type { Message } from "../../protocol/records.ts";
import type { Owed } from "../store/owed-messages.ts";
import type { Assignments } from "./assignments.ts";
import type { Group } from "./group.ts";
import type { Groups } from "./groups.ts";
import type { Takers } from "./takers.ts";

export interface DispatcherParts {
  readonly groups: Groups;
  readonly assignments: Assignments;
  readonly takers: Takers;
  /** The engine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** The message was handed to a live connection and is owed no more. */
  readonly onPaid: (debt: Owed) => void;
}

/** Finds a connected worker for one message. */
export class Dispatcher {
  readonly #parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Whether one of those who take tasks can be handed another: the same ones that `execute` asks. */
  hasRoom({ workers }: Group): boolean {
    return this.#parts.takers.among([...workers.values()]).some(({ hasRoom }) => hasRoom);
  }

  /** Hands a task to a worker of its address. */
  execute(to: Address, { id, version }: { id: string; version: number }): "handed" | "nobody" | "full" {
    const { groups, assignments, takers, now } = this.#parts;
    const group = groups.get(to.group);
    const candidates = takers.among(assignments.othersFirst(group?.candidates(to) ?? [], id));
    for (const worker of candidates) {
      const isAnother = assignments.workerOf(id) !== worker;
      if (isAnother && !worker.hasRoomFor(version)) continue;
      const message = { kind: "execute", head: {}, data: { task: { id, version } } } as const;
      if (!worker.connection.deliver(message)) continue;
      assignments.hand(id, version, worker, now());
      takers.handed();
      return "handed";
    }
    if (candidates.length === 0) return "nobody";
    group?.fallBehind();
    return "full";
  }

  /** Tells an address of a promise's end. False if nobody took the message: it stays owed. */
  unblock(to: Address, address: string, message: Extract<Message, { kind: "unblock" }>): boolean {
    const { groups, onPaid } = this.#parts;
    const isTaken = groups.candidates(to).some((worker) => worker.connection.deliver(message));
    if (isTaken) onPaid({ address, promiseId: message.data.promise.id });
    return isTaken;
  }
}

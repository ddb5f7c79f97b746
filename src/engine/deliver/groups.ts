import { type Address, parseAddress } from "../../protocol/addresses.ts";
import { Group, type Worker } from "./group.ts";

/** Groups that have a connected worker, by name. */
export class Groups {
  readonly #byName = new Map<string, Group>();

  get(name: string): Group | undefined {
    return this.#byName.get(name);
  }

  /** The group, which is new if nobody of it was connected. */
  open(name: string): Group {
    const group = this.#byName.get(name) ?? new Group(name);
    this.#byName.set(name, group);
    return group;
  }

  /** Its last worker has gone. */
  delete(group: Group): void {
    this.#byName.delete(group.name);
  }

  all(): Iterable<Group> {
    return this.#byName.values();
  }

  /** Workers that may take a message for the address, in the order to be asked. */
  candidates(to: Address): Worker[] {
    return this.#byName.get(to.group)?.candidates(to) ?? [];
  }

  /** Whether a connected worker serves the address. */
  isReachable(address: string): boolean {
    const parsed = parseAddress(address);
    const workers = parsed && this.#byName.get(parsed.group)?.workers;
    if (parsed === undefined || workers === undefined) return false;
    return parsed.cast === "any" || workers.has(parsed.pid);
  }

  /** Whether a worker of the name is connected, in any group. */
  hasWorker(pid: string): boolean {
    for (const { workers } of this.#byName.values()) if (workers.has(pid)) return true;
    return false;
  }

  clear(): void {
    this.#byName.clear();
  }
}

import { originOf } from "../../protocol/ids.ts";
import { type Collection, collect, erase, FROM_START, type HeadPlace } from "../decide/collect.ts";
import { noteRestore } from "../decide/restored.ts";
import { releaseDead } from "../decide/sweep.ts";
import type { Store } from "../store/store.ts";
import type { SteadyClock } from "./steady-clock.ts";
import type { Transactions } from "./transactions.ts";

/** Maximum leases released in one transaction. */
const LEASES_MAX = 512;
/** Maximum promises deleted in one transaction: a few milliseconds of work. */
const COLLECT_MAX = 256;

export interface UpkeepParts {
  readonly store: Pick<
    Store,
    | "view"
    | "agenda"
    | "trees"
    | "projector"
    | "trail"
    | "checkpoint"
    | "overwriteDeleted"
    | "clearHistory"
    | "compact"
  >;
  readonly clock: SteadyClock;
  readonly transactions: Transactions;
}

/** Transactions without a request: freeing dead leases, noting a restore, retention, and rows beside the promises. */
export class Upkeep {
  readonly #store: UpkeepParts["store"];
  readonly #clock: SteadyClock;
  readonly #transactions: Transactions;
  #isClosed = false;

  constructor({ store, clock, transactions }: UpkeepParts) {
    this.#store = store;
    this.#clock = clock;
    this.#transactions = transactions;
  }

  /** Frees leases of workers in an earlier process. These workers died with it, even if their leases have not ended. */
  releaseDeadLeases(): void {
    const ids = this.#store.agenda.localLeases();
    for (let at = 0; at < ids.length; at += LEASES_MAX) {
      this.#transactions.run((write) => {
        write(releaseDead(this.#store.view, ids.slice(at, at + LEASES_MAX), this.#clock.read()));
      });
    }
  }

  /** Notes for clients that the file is a backup made at `backupAtMs`: what came after it is missing. */
  noteRestore(backupAtMs: number): void {
    this.#transactions.run((write) => {
      write(noteRestore(this.#store.view, backupAtMs, this.#clock.read()));
    });
  }

  /**
   * Deletes some of the trees that ended before `before`, starting at a place. Returns the number of promises and the
   * next place. Throws when nothing can be written.
   */
  collect(before: number, from: HeadPlace = FROM_START): { promises: number; next: HeadPlace | undefined } {
    if (this.#isClosed) return { promises: 0, next: undefined };
    let collected: Collection = { changes: [], next: undefined };
    this.#transactions.run((write) => {
      collected = collect(this.#store.trees, before, from, COLLECT_MAX);
      write({ changes: collected.changes, messages: [] });
    });
    return { promises: collected.changes.length, next: collected.next };
  }

  /**
   * Deletes some of the tree of this id, overwriting what is deleted in the file, and in the end in those beside it.
   * @returns whether there is more; `open` if something of it may still change. Throws when nothing can be written
   */
  erase(id: string): { readonly promises: number; readonly state: "more" | "done" | "open" | "unknown" } {
    const origin = originOf(id);
    if (this.#isClosed || this.#store.view.promise(origin) === undefined)
      return { promises: 0, state: "unknown" };
    let erased: ReturnType<typeof erase>;
    this.#store.overwriteDeleted(() =>
      this.#transactions.run((write) => {
        erased = erase(this.#store.trees, origin, COLLECT_MAX);
        if (erased !== undefined) write({ changes: erased.changes, messages: [] });
      }),
    );
    if (erased === undefined) return { promises: 0, state: "open" };
    if (erased.isDone) this.#store.clearHistory();
    return { promises: erased.changes.length, state: erased.isDone ? "done" : "more" };
  }

  /** Whether `erase` would delete the tree of this id. */
  erasable(id: string): "done" | "open" | "unknown" {
    const origin = originOf(id);
    if (this.#store.view.promise(origin) === undefined) return "unknown";
    return erase(this.#store.trees, origin, 1) === undefined ? "open" : "done";
  }

  /** Writes the database's file again, without what was deleted from it. Throws when nothing can be written. */
  compact(): void {
    if (this.#isClosed) throw new Error("The engine is closed");
    this.#store.compact();
  }

  /**
   * Begins to make the rows of the projection again. That it has begun is on disk, so nothing but the end of it can undo
   * that the old rows are gone. Throws when nothing can be written.
   */
  rebuild(): void {
    if (this.#isClosed) throw new Error("The engine is closed");
    const { projector } = this.#store;
    if (projector === undefined) return;
    this.#transactions.beside(() => projector.rebuild());
    this.#store.checkpoint();
  }

  /** Makes some of its rows. Whether there are more. Throws when nothing can be written. */
  build(): boolean {
    const { projector } = this.#store;
    if (projector?.isBuilding !== true) return false;
    if (this.#isClosed) throw new Error("The engine is closed");
    this.#transactions.beside(() => projector.build());
    return projector.isBuilding;
  }

  /** Does some of what the trail has to do. Whether there is more. Throws when nothing can be written. */
  tidy(): boolean {
    const { trail } = this.#store;
    if (this.#isClosed || trail?.isUntidy !== true) return false;
    this.#transactions.beside(() => trail.tidy());
    return trail.isUntidy;
  }

  /** From now on it does nothing. */
  close(): void {
    this.#isClosed = true;
  }
}

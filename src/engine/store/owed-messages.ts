import type { PromiseRow } from "../decide/state.ts";
import { all } from "./queries.ts";
import { promiseFromColumns } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** A message that is owed to an address. */
export interface Owed {
  readonly address: string;
  readonly promiseId: string;
}

/**
 * Messages about settled promises that are still owed. The change `listeners.notify` creates them. Their delivery is
 * recorded only in the database, so after a crash a listener may be told twice, which does no harm.
 */
export class OwedMessages {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Settled promises that the address has not been told about, by id, after `after`. */
  to(address: string, after: string, limit: number): PromiseRow[] {
    return all(this.#sql.owed, address, after, limit).map(promiseFromColumns);
  }

  /** The messages have been delivered. */
  settle(debts: Iterable<Owed>): void {
    for (const { address, promiseId } of debts) this.#sql.forgive.run(address, promiseId);
  }

  /** Drops debts to addresses that did not come back. */
  dropBefore(time: number): void {
    this.#sql.dropDebts.run(time);
  }
}

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
 * Who is still to be told of a promise's end. A change of the journal makes these debts (`listeners.notify`). That they
 * are paid is written to the database alone: after a crash somebody may be told twice, which does no harm.
 */
export class OwedMessages {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Settled promises that the address is still to be told of, by id, after `after`. */
  to(address: string, after: string, limit: number): PromiseRow[] {
    return all(this.#sql.owed, address, after, limit).map(promiseFromColumns);
  }

  /** The messages have been handed over. */
  settle(debts: Iterable<Owed>): void {
    for (const { address, promiseId } of debts) this.#sql.forgive.run(address, promiseId);
  }

  /** Gives up on addresses that did not come back. */
  dropBefore(time: number): void {
    this.#sql.dropDebts.run(time);
  }
}

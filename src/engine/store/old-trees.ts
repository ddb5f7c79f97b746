import type { HeadPlace } from "../decide/collect.ts";
import { all, row, texts } from "./queries.ts";
import type { Statements } from "./statements.ts";

/** Trees of promises by their end, for their deletion. */
export class OldTrees {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Heads of trees that settled before `before`, the oldest first, from a place on. */
  oldHeads(before: number, from: HeadPlace, limit: number): ({ readonly id: string } & HeadPlace)[] {
    return all(this.#sql.oldHeads, from.settledAt, from.n, before, limit).map(([id, settledAt, n]) => ({
      id: id as string,
      settledAt: settledAt as number,
      n: n as number,
    }));
  }

  /** Whether anything of the tree may still change, or ended at `before` or later. */
  isLive(origin: string, before: number): boolean {
    const range = [`${origin}:`, `${origin};`] as const;
    return (
      row(this.#sql.liveRoot, origin, before) !== undefined ||
      row(this.#sql.liveChild, ...range, before) !== undefined
    );
  }

  /** Ids below the origin, without the origin itself. */
  below(origin: string, limit: number): string[] {
    return texts(this.#sql.below, `${origin}:`, `${origin};`, limit);
  }
}

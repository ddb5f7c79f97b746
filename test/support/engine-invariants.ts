import type { DatabaseSync } from "node:sqlite";
import { INVARIANTS } from "../../src/engine/operate/invariants.ts";

/** The invariants that are broken, each with the ids that break it. */
export type Broken = Record<string, unknown[]>;

export function brokenInvariants(db: DatabaseSync): Broken {
  return invariantCheck(db)();
}

/** The same, prepared to be asked many times. */
export function invariantCheck(db: DatabaseSync): () => Broken {
  const queries = Object.entries(INVARIANTS).map(([invariant, sql]) => [invariant, db.prepare(sql)] as const);
  return () => {
    const broken: Broken = {};
    for (const [invariant, query] of queries) {
      // Almost always there is none.
      if (query.get() !== undefined) broken[invariant] = query.all().map((row) => row["id"]);
    }
    return broken;
  };
}

/** What may never happen between one state and the next, as conditions on an update. */
const FORBIDDEN: readonly (readonly [table: "promises" | "tasks", what: string, when: string])[] = [
  ["promises", "a settled promise stays as it is", "OLD.state <> 'pending'"],
  [
    "promises",
    "what a promise was born with stays as it is",
    "(OLD.n, OLD.id, OLD.param_headers, OLD.param_data, OLD.tags, OLD.created_at, OLD.timeout_at, OLD.external, OLD.family, OLD.head) IS NOT (NEW.n, NEW.id, NEW.param_headers, NEW.param_data, NEW.tags, NEW.created_at, NEW.timeout_at, NEW.external, NEW.family, NEW.head)",
  ],
  ["tasks", "a fulfilled task stays as it is", "OLD.state = 'fulfilled'"],
  [
    "tasks",
    "a version goes up by one, and only when a pending task is acquired",
    "NEW.version <> OLD.version + (OLD.state = 'pending' AND NEW.state = 'acquired')",
  ],
  [
    "tasks",
    "who waits or was halted is pending before it is acquired, and acquired before it waits",
    "OLD.state IN ('suspended', 'halted') AND NEW.state = 'acquired' OR OLD.state IN ('pending', 'halted') AND NEW.state = 'suspended'",
  ],
  [
    "tasks",
    "whose a task is stays as it is",
    "(OLD.n, OLD.id, OLD.target, OLD.target_group, OLD.timer) IS NOT (NEW.n, NEW.id, NEW.target, NEW.target_group, NEW.timer)",
  ],
];

/** Makes every write fail that goes from one state to another which may never follow it. */
export function guardHistory(db: DatabaseSync): void {
  for (const [at, [table, what, when]] of FORBIDDEN.entries()) {
    db.exec(
      `CREATE TEMP TRIGGER history_${at} BEFORE UPDATE ON ${table} WHEN ${when} BEGIN SELECT RAISE(ABORT, 'not so: ${what}'); END`,
    );
  }
}

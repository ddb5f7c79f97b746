import type { DatabaseSync } from "node:sqlite";
import { INVARIANTS } from "../../src/engine/invariants.ts";

/** The invariants that are broken, each with the ids that break it. */
export function brokenInvariants(db: DatabaseSync): Record<string, unknown[]> {
  const broken: Record<string, unknown[]> = {};
  for (const [invariant, query] of Object.entries(INVARIANTS)) {
    const rows = db.prepare(query).all();
    if (rows.length > 0) broken[invariant] = rows.map((row) => row["id"]);
  }
  return broken;
}

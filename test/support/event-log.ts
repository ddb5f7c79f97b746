/** The log of events in an engine's file, as tests look at it. */
import { join } from "node:path";
import { look } from "../../src/engine/operate/walk.ts";
import { auditLog, type LogAudit } from "../../src/evidence/audit/audit.ts";
import type { Checkpoint } from "../../src/evidence/checkpoint.ts";

/** Of the last checkpoint. */
export function auditOf(dataDir: string, head?: Checkpoint): LogAudit {
  const audit = look(join(dataDir, "engine.db"), (file) => auditLog(file, head));
  if (audit === undefined) throw new Error("There is no log");
  return audit;
}

/** What the log has of each event: its chain, its number there, its type and what the id of the promise ends with. */
export function eventsIn(dataDir: string): string[] {
  return look(join(dataDir, "engine.db"), (state) =>
    [...state.rows("SELECT chain, n, type, part FROM log_events ORDER BY seq")].map((columns) =>
      columns.join(" ").trim(),
    ),
  );
}

/** What `countersign doctor` says about the witnesses of the settings. */
import { stored } from "../durable/protocol-client.ts";
import type { FileState } from "../engine/operate/walk.ts";
import { dayAt, witnessedId, witnessedIn } from "../evidence/witness/kept.ts";
import type { Cli } from "./command.ts";

export interface WitnessFinding {
  readonly name: string;
  /** What it cosigned last, of the days that were looked at; absent: nothing. */
  readonly last?: { readonly size: number; readonly at: string };
  /** Whether that is too long ago. */
  readonly isLate: boolean;
}

/** Days that are looked at, today included. */
const DAYS = 14;
/** A day's head is cosigned within the day; the one of today may be still to come. */
const LATE_DAYS = 2;
const DAY_MS = 86_400_000;

/** Nothing with a retention that deletes what witnesses said before it is looked for. */
export function checkWitnessed(
  { config: { engine }, clock }: Cli,
  file: Pick<FileState, "read" | "rows">,
): WitnessFinding[] {
  if (engine.kind !== "embedded" || (engine.keepMs ?? Number.POSITIVE_INFINITY) < LATE_DAYS * DAY_MS)
    return [];
  if (engine.logWitnesses.length === 0 || !hasEvents(file)) return [];
  const nowMs = clock();
  return engine.logWitnesses.map((witness) => {
    for (let ago = 0; ago < DAYS; ago += 1) {
      const record = file.read(witnessedId(witness, dayAt(nowMs, ago)));
      const found = witnessedIn(witness, record && stored(record), nowMs);
      if (found === undefined) continue;
      const last = { size: found.size, at: new Date(found.atMs).toISOString() };
      return { name: witness.key.name, last, isLate: ago >= LATE_DAYS };
    }
    return { name: witness.key.name, isLate: true };
  });
}

/** Before there are any, there is nothing to cosign. */
function hasEvents(file: Pick<FileState, "rows">): boolean {
  const [table] = file.rows("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log_events'");
  return table !== undefined && [...file.rows("SELECT 1 FROM log_events LIMIT 1")].length > 0;
}

export function witnessFindingLine({ name, last }: WitnessFinding): string {
  const since = last === undefined ? `in ${DAYS} days` : `since ${last.at}, with ${last.size} events`;
  return `ATTENTION  the witness ${name} has cosigned no head of the log ${since}: a gateway's log says why, and so does countersign audit witness`;
}

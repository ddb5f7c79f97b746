/**
 * Looks after the index, in one process at a time: whatever the others have lost is found here.
 *
 * U1 Marks that have got old: the process that stored them has died, or cannot write. The approval is read. A mark is deleted
 *    once no request can rely on it any more, with a reading that began after that.
 * U2 Rows whose deadline has passed with no word from a worker.
 * U3 Once a day, and when somebody has forgotten something, all approvals.
 */
import { setTimeout } from "node:timers/promises";
import { ServiceError } from "../../lib/errors.ts";
import { feed } from "./feed.ts";
import type { Feeder } from "./feeder.ts";
import { MARK_NEEDED_MS, oldMarks } from "./marks.ts";
import { keep, letGo, wantSweep } from "./state.ts";
import { type SweepParts, sweep } from "./sweep.ts";

export interface UpkeepOptions extends SweepParts {
  readonly feeder: Feeder;
  readonly ready: () => Promise<void>;
  /** Milliseconds between two looks. Default 5,000. */
  readonly everyMs?: number;
}

const EVERY_MS = 5_000;
/** A process that lives writes within a fraction of it. */
const MARK_OLD_MS = 10_000;
const AT_ONCE = 256;

export interface Upkeep {
  /** One look. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { database, feeder, name, everyMs = EVERY_MS } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  /** Old marks whose approvals were read here already. */
  const dealtWith = new Set<string>();

  const look = async (): Promise<void> => {
    await options.ready();
    const state = await keep(database, name);
    feeder.isBack();
    if (feeder.hasForgotten()) await wantSweep(database);
    if (state === undefined) return;
    if (!state.isBuilt) {
      await sweep(options, { isMaking: true, isHurried: true, signal });
      return;
    }
    await readMarked(options, dealtWith);
    await readDue(options);
    if (state.isSweepDue) await sweep(options, { isMaking: false, isHurried: false, signal });
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await look();
      } catch (error) {
        if (error instanceof ServiceError) options.log.cannotCompare(error);
        else feeder.isAway(error);
      }
      // Not all processes at the same moment.
      const ms = everyMs * (0.75 + Math.random() / 2);
      await setTimeout(ms, undefined, { ref: false, signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    look,
    async stop() {
      stopping.abort();
      await running;
      await letGo(database, name).catch(() => {});
    },
  };
}

async function readMarked(parts: SweepParts, dealtWith: Set<string>): Promise<void> {
  const found = await oldMarks(parts.database, MARK_OLD_MS, AT_ONCE);
  const isOver = (ageMs: number) => ageMs > MARK_NEEDED_MS;
  const due = found.filter(({ token, ageMs }) => isOver(ageMs) || !dealtWith.has(token));
  await feed(
    parts,
    [...new Set(due.map(({ subject }) => subject))],
    due.filter(({ ageMs }) => isOver(ageMs)),
  );
  const left = found.filter(({ ageMs }) => !isOver(ageMs));
  dealtWith.clear();
  for (const { token } of left) dealtWith.add(token);
}

async function readDue(parts: SweepParts): Promise<void> {
  const nowMs = parts.promises.engineTime?.now() ?? Date.now();
  const rows = await parts.database.rows(
    "SELECT id FROM ledger_entries WHERE look_at <= $1 ORDER BY look_at LIMIT $2",
    [nowMs, AT_ONCE],
  );
  await feed(
    parts,
    rows.map(([id]) => String(id)),
  );
}

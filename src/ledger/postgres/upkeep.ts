/**
 * Looks after the index, in one process at a time: whatever the others have lost is found here.
 *
 * U1 Marks that have got old: the process that stored them has died, or cannot write. The approval is read. A mark is deleted
 *    once no request can rely on it any more, with a reading that began after that.
 * U2 Rows whose deadline has passed with no word from a worker.
 * U3 Once a day, and when somebody has forgotten something, all approvals. That may take hours, in which U1 and U2 go on.
 */
import { setTimeout } from "node:timers/promises";
import { ServiceError } from "../../lib/errors.ts";
import { feed } from "./feed.ts";
import type { Feeder } from "./feeder.ts";
import { MARK_NEEDED_MS, type OldMark, oldMarks } from "./marks.ts";
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
/** When a row is due again whose approval could not be read. */
const LOOK_AGAIN_MS = 60_000;

export interface Upkeep {
  /** One look. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { database, feeder, name, everyMs = EVERY_MS } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const dealtWith: DealtWith = new Map();

  const look = async (): Promise<void> => {
    await options.ready();
    const state = await keep(database, name);
    feeder.isBack();
    await feeder.sayForgotten(() => wantSweep(database));
    if (state === undefined) return;
    if (!state.isBuilt) {
      await sweep(options, { isMaking: true, isHurried: true, signal });
      return;
    }
    await readLost();
    if (!state.isSweepDue) return;
    const meanwhile = atMostEvery(everyMs, async () => {
      await feeder.sayForgotten(() => wantSweep(database));
      await readLost();
    });
    await sweep(options, { isMaking: false, isHurried: false, meanwhile, signal });
  };

  const readLost = async (): Promise<void> => {
    await readMarked(options, dealtWith, signal);
    await readDue(options);
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

/** Does nothing if it was called a moment ago. */
function atMostEvery(ms: number, work: () => Promise<void>): () => Promise<void> {
  let lastMs = performance.now();
  return async () => {
    if (performance.now() - lastMs < ms) return;
    await work();
    lastMs = performance.now();
  };
}

/** Tokens of old marks whose approvals were read here, and until when the marks may be needed, by `performance.now()`. */
type DealtWith = Map<string, number>;

async function readMarked(parts: SweepParts, dealtWith: DealtWith, signal: AbortSignal): Promise<void> {
  for (const [token, untilMs] of dealtWith) if (untilMs < performance.now()) dealtWith.delete(token);
  let found: readonly OldMark[];
  do {
    found = await oldMarks(parts.database, {
      ageMs: MARK_OLD_MS,
      limit: AT_ONCE,
      dealtWith: dealtWith.keys(),
    });
    await feed(
      parts,
      [...new Set(found.map(({ subject }) => subject))],
      found.filter(({ ageMs }) => ageMs > MARK_NEEDED_MS),
    );
    for (const { token, ageMs } of found) {
      if (ageMs <= MARK_NEEDED_MS) dealtWith.set(token, performance.now() + MARK_NEEDED_MS - ageMs);
    }
    // A process that died in a crowd leaves many.
  } while (
    found.length === AT_ONCE &&
    !signal.aborted &&
    (await keep(parts.database, parts.name)) !== undefined
  );
}

async function readDue(parts: SweepParts): Promise<void> {
  const nowMs = parts.promises.engineTime?.now() ?? Date.now();
  const rows = await parts.database.rows(
    "SELECT id FROM ledger_entries WHERE look_at <= $1 ORDER BY look_at LIMIT $2",
    [nowMs, AT_ONCE],
  );
  const ids = rows.map(([id]) => String(id));
  await feed(parts, ids);
  // What is still due was not written: its promises are gone, or cannot be read. Others must get their turn.
  await parts.database.rows("UPDATE ledger_entries SET look_at = $2 WHERE id = ANY($1) AND look_at <= $3", [
    ids,
    nowMs + LOOK_AGAIN_MS,
    nowMs,
  ]);
}

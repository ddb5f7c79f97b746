/** Goes through all approvals that the server has: to make the index, and to find what was never told to it. */
import { setTimeout } from "node:timers/promises";
import type { Network } from "@resonatehq/sdk";
import { KIND_TAG } from "../../approval/ids.ts";
import type { StoredPromise } from "../../durable/durable.ts";
import { pagesByTags } from "../../durable/family.ts";
import { ServiceError } from "../../lib/errors.ts";
import { type FeedParts, feed } from "./feed.ts";
import { keep, noteDone, noteSwept, timeOf } from "./state.ts";

export interface SweepParts extends FeedParts {
  readonly network: Network;
  /** Of the process that looks after the index. */
  readonly name: string;
}

/** Of the time that a sweep takes, it leaves the server alone for so much: nobody waits for it. */
const REST_SHARE = 0.75;
const REST_MS_MAX = 60_000;

export interface SweepOptions {
  readonly isMaking: boolean;
  readonly isHurried: boolean;
  /** Called every few seconds at least: what cannot wait until everything is compared. */
  readonly meanwhile?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * False if another process has taken over the index, or `signal` aborted: then it has done a part. Approvals that ended and
 * whose rows say so are passed over, unless the index is being made.
 *
 * @throws ServiceError INDEX_UNAVAILABLE if the server cannot search
 */
export async function sweep(
  parts: SweepParts,
  { isMaking, isHurried, meanwhile = async () => {}, signal }: SweepOptions,
): Promise<boolean> {
  const { network, database, name } = parts;
  const beganAt = await timeOf(database);
  let done = 0;
  for await (const page of pagesByTags(network, { [KIND_TAG]: "approval" })) {
    if (page === undefined) throw new ServiceError("INDEX_UNAVAILABLE", NO_SEARCH);
    const startedAt = performance.now();
    const ids = isMaking ? page.map(({ id }) => id) : await unsure(parts, page);
    for (let at = 0; at < ids.length; at += SLICE) {
      if ((await keep(database, name)) === undefined || signal?.aborted === true) return false;
      await meanwhile();
      await feed(parts, ids.slice(at, at + SLICE));
      if (isMaking) await noteDone(database, done + Math.min(ids.length, at + SLICE));
    }
    done += page.length;
    if (isHurried) continue;
    const restMs = ((performance.now() - startedAt) * REST_SHARE) / (1 - REST_SHARE);
    await rest(parts, Math.min(restMs, REST_MS_MAX), meanwhile, signal);
  }
  if ((await keep(database, name)) === undefined) return false;
  await noteSwept(database, name, beganAt);
  return true;
}

const NO_SEARCH =
  "Cannot make the index: the Resonate Server does not search, or its token has a prefix. Give RESONATE_TOKEN one without";

/** Between two slices others hear that this process still looks after the index. */
const SLICE = 64;
const SIGN_OF_LIFE_MS = 5_000;

async function rest(
  { database, name }: SweepParts,
  ms: number,
  meanwhile: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for (let left = ms; left > 0; left -= SIGN_OF_LIFE_MS) {
    if (signal?.aborted === true) return;
    if ((await keep(database, name)) !== undefined) await meanwhile();
    const options = signal === undefined ? { ref: false } : { ref: false, signal };
    await setTimeout(Math.min(left, SIGN_OF_LIFE_MS), undefined, options).catch(() => {});
  }
}

/** Those whose rows may be old: all that are pending, and those whose rows are missing or say that they are pending. */
async function unsure({ database }: SweepParts, page: readonly StoredPromise[]): Promise<string[]> {
  const ids = page.map(({ id }) => id);
  const rows = await database.rows("SELECT id FROM ledger_entries WHERE id = ANY($1) AND look_at IS NULL", [
    ids,
  ]);
  const over = new Set(rows.map(([id]) => String(id)));
  return page.filter(({ id, state }) => state === "pending" || !over.has(id)).map(({ id }) => id);
}

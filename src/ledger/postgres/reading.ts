/** An approval as its promises tell it at some moment, ready to be written. */
import { creatorOf } from "../../approval/creator.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { readEach } from "../../approval/limits/last-slot.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { originOf } from "../../protocol/ids.ts";
import { entryOf } from "../derive.ts";
import type { Entry } from "../entry.ts";

export interface Reading {
  readonly entry: Entry;
  /** The program that created it, as its root promise names it. */
  readonly creator: string | undefined;
  /**
   * Grows with every change of the promises: promises are only added, and only settled. Of two readings, one that began
   * after the other had ended has the higher version, or they are the same. That what stood is over comes last of all.
   */
  readonly version: number;
  /** When it must be read again if nobody has told of a change by then, in milliseconds since 1970; undefined: never. */
  readonly lookAtMs: number | undefined;
}

export type Promises = Pick<Durable, "read" | "children" | "engineTime">;

/** Deadlines are the clock's, not a request's. A worker tells of them within moments, if one runs. */
const LATER_MS = { afterDeadline: 5_000, again: 60_000 } as const;

/** Undefined if the promise is no approval, or there is none. */
export async function readApproval(promises: Promises, id: string): Promise<Reading | undefined> {
  const originId = originOf(id);
  const [root, origin] = await Promise.all([
    promises.read(id),
    originId === id ? undefined : promises.read(originId),
  ]);
  if (root?.tags[KIND_TAG] !== "approval") return undefined;
  const children = await promises.children(id);
  let reads = 0;
  const entry = await readEach(entryOf(root, children), async (use) => {
    reads += 1;
    return await promises.read(use);
  });
  if (entry === undefined) return undefined;
  // Uses are read only of what can stand.
  const isOver = reads > 0 && entry.stands === undefined;
  return {
    entry,
    creator: creatorOf(root.tags, origin?.tags),
    version: [root, ...children].reduce(
      (sum, { state }) => sum + (state === "pending" ? 1 : 2),
      isOver ? 1 : 0,
    ),
    lookAtMs: lookAtMs(root, entry, promises.engineTime?.now() ?? Date.now()),
  };
}

function lookAtMs(
  { state, timeoutAt }: StoredPromise,
  { deadline }: Entry,
  nowMs: number,
): number | undefined {
  if (state !== "pending") return undefined;
  const next = [Date.parse(deadline), timeoutAt].filter((at) => at > nowMs);
  return next.length === 0 ? nowMs + LATER_MS.again : Math.min(...next) + LATER_MS.afterDeadline;
}

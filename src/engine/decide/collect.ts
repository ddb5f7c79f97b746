import { originOf } from "../../protocol/ids.ts";
import type { Change } from "./state.ts";

/** The position of a walk through the trees, oldest first. */
export interface HeadPlace {
  readonly settledAt: number;
  readonly n: number;
}

/** Queries that collecting needs. */
interface Source {
  /** Roots that settled before `before`, after the place `from`, the oldest first. */
  oldHeads(before: number, from: HeadPlace, limit: number): readonly ({ readonly id: string } & HeadPlace)[];
  /** Whether anything of the tree is pending, or settled at or after `before`. */
  isLive(origin: string, before: number): boolean;
  /** Ids below the tree's root. */
  below(origin: string, limit: number): readonly string[];
}

export interface Collection {
  readonly changes: readonly Change[];
  /** The next position; undefined at the end. */
  readonly next: HeadPlace | undefined;
}

/** Trees read in one step. Some of them may have to stay. */
const HEADS_MAX = 256;

export const FROM_START: HeadPlace = { settledAt: -1, n: -1 };

/**
 * Deletes a tree in which nothing can change any more, whenever it ended; at most `max` promises, the root last.
 * @returns undefined if something of it is still open
 */
export function erase(
  trees: Source,
  origin: string,
  max: number,
): { readonly changes: readonly Change[]; readonly isDone: boolean } | undefined {
  if (trees.isLive(origin, Number.MAX_SAFE_INTEGER)) return undefined;
  const below = trees.below(origin, max);
  const isDone = below.length < max;
  const ids = isDone ? [...below, origin] : below;
  return { changes: ids.map((id) => ({ kind: "promise.delete", id })), isDone };
}

/**
 * Deletes trees if every promise, including the root, settled before `before`; at most `max` promises. A larger tree is
 * deleted in several steps, its root last, so that the next step finds it.
 */
export function collect(trees: Source, before: number, from: HeadPlace, max: number): Collection {
  const changes: Change[] = [];
  const seen = new Set<string>();
  let done = from;
  const heads = trees.oldHeads(before, from, HEADS_MAX);
  for (const head of heads) {
    const origin = originOf(head.id);
    // A tree without a root may have several heads.
    if (!seen.has(origin) && !trees.isLive(origin, before)) {
      const room = max - changes.length;
      const below = trees.below(origin, room);
      for (const id of below) if (id !== head.id) changes.push({ kind: "promise.delete", id });
      if (below.length >= room) return { changes, next: done };
      changes.push({ kind: "promise.delete", id: head.id });
    }
    seen.add(origin);
    done = head;
  }
  return { changes, next: heads.length < HEADS_MAX ? undefined : done };
}

import { originOf } from "../../protocol/ids.ts";
import type { Change } from "./state.ts";

/** Where a walk through the trees, the oldest first, has come to. */
export interface HeadPlace {
  readonly settledAt: number;
  readonly n: number;
}

/** What is read of what is stored. */
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
  /** Where to go on; undefined at the end. */
  readonly next: HeadPlace | undefined;
}

/** Trees looked at in one step: some may have to stay. */
const HEADS_MAX = 256;

export const FROM_START: HeadPlace = { settledAt: -1, n: -1 };

/**
 * Deletes trees of which every promise settled before `before`, root and all, at most `max` promises of them. A tree
 * that is larger goes in several steps, its root last, so that it is found again.
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

/** Which events the log has of a promise. The log is written by these rules, and checked by them. */
import { KIND_TAG, parentId } from "../approval/ids.ts";
import type { PromiseRow } from "../engine/decide/state.ts";
import { createdData, isLapsed, settledData } from "./leaf.ts";

export interface Event {
  /** The promise's kind, and what happened: `ballot.settled`. `lapsed` is what the clock settled. */
  readonly type: string;
  readonly atMs: number;
  readonly data: object;
}

/**
 * Kinds of promises that are logged, and which of their changes are events. An end and the chance to take an answer back come
 * with others; a use is what its creation says, and ends with nothing but its time.
 */
const EVENTS: ReadonlyMap<string | undefined, { readonly created: boolean; readonly settled: boolean }> =
  new Map([
    ["approval", { created: true, settled: true }],
    ["ballot", { created: true, settled: true }],
    ["end", { created: false, settled: true }],
    ["undo", { created: false, settled: true }],
    ["use", { created: true, settled: false }],
  ]);

export function isLogged(kind: string | undefined): boolean {
  return EVENTS.has(kind);
}

/** The approval that a logged promise belongs to. */
export function approvalOf({ id, tags }: Pick<PromiseRow, "id" | "tags">): string | undefined {
  return tags[KIND_TAG] === "approval" ? id : parentId(id);
}

/** None of a promise whose time was over: a server gives it that time as its creation, and settles it. */
export function creationOf(row: PromiseRow): Event | undefined {
  const kind = row.tags[KIND_TAG];
  if (EVENTS.get(kind)?.created !== true || row.createdAt >= row.timeoutAt) return undefined;
  return { type: `${kind}.created`, atMs: row.createdAt, data: createdData(row) };
}

export function settlementOf(row: PromiseRow): Event | undefined {
  const kind = row.tags[KIND_TAG];
  if (row.settledAt === null || EVENTS.get(kind)?.settled !== true) return undefined;
  return {
    type: `${kind}.${isLapsed(row) ? "lapsed" : "settled"}`,
    atMs: row.settledAt,
    data: settledData(row),
  };
}

/** Events that no promise has. */
export const OWN = {
  /** The approval began before the log, or in a gap of it: what happened until then is not logged. */
  found: "approval.found",
  /** The approval's promises were deleted, and with them what could show its events' data. */
  erased: "approval.erased",
  /** Changes were made without the log: it was off, or a program without it had the file. */
  gap: "log.gap",
} as const;

export function gapAt(atMs: number): Event {
  return { type: OWN.gap, atMs, data: { event: "gap" } };
}

/**
 * The words of the protocol that the service writes and reads outside the engine: tags, addresses, lineage and version.
 * Tags that begin with `resonate:` mean something to the engine; those of the service begin with `countersign:`.
 */
import { parentId } from "../approval/ids.ts";
import { originOf } from "../protocol/ids.ts";
import type { Tags } from "../protocol/records.ts";
import { isTimer, TAG } from "../protocol/tags.ts";

export { anyAddress } from "../protocol/addresses.ts";
export { PROTOCOL_VERSION } from "../protocol/records.ts";
export { isTimer } from "../protocol/tags.ts";

/** Of a promise that stands where a workflow would create it: below the one that its id names, or by itself. */
export function lineage(id: string): Record<string, string> {
  return lineageBelow(id, parentId(id) ?? originOf(id));
}

/** Of a promise that belongs to a tree without hanging below any workflow of it: no worker is handed it with its own. */
export function looseLineage(id: string): Record<string, string> {
  return lineageBelow(id, id);
}

function lineageBelow(id: string, parent: string): Record<string, string> {
  return {
    [TAG.origin]: originOf(id),
    [TAG.branch]: id,
    [TAG.parent]: parent,
    [TAG.scope]: "global",
  };
}

/** Finds the promises of a tree. */
export function ofTree(id: string): Record<string, string> {
  return { [TAG.origin]: originOf(id) };
}

/** Of a promise that somebody outside settles. */
export const EXTERNAL: Readonly<Record<string, string>> = { [TAG.external]: "true" };

/** Of a promise that a worker at this address runs. */
export function targeted(address: string): Record<string, string> {
  return { [TAG.target]: address };
}

/** Of a workflow that a schedule starts. */
export function scheduled(address: string): Record<string, string> {
  return { [TAG.target]: address, [TAG.scope]: "global" };
}

/** Of a promise that resolves by itself, on every server: its target makes even those arm it that arm nothing else. */
export function timer(address: string): Record<string, string> {
  return { [TAG.timer]: "true", [TAG.target]: address };
}

/** Address of the workers that run it, if any do. */
export function targetOf(tags: Tags): string | undefined {
  return tags[TAG.target];
}

/** Whether it is a step, which lives and dies with its workflow. */
export function isStep(tags: Tags): boolean {
  return tags[TAG.scope] === "local";
}

/** Whether it waits for somebody outside, and says so. */
export function isForOutside(tags: Tags): boolean {
  return tags[TAG.external] === "true";
}

/** Whether a worker runs it, or the clock. */
export function isRun(tags: Tags): boolean {
  return targetOf(tags) !== undefined || isTimer(tags);
}

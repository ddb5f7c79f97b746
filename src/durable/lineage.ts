/**
 * The terms of the protocol that the service uses outside the engine: tags, addresses, lineage and version. The engine
 * defines tags that begin with `resonate:`; the service's own begin with `countersign:`.
 */
import { parentId } from "../approval/ids.ts";
import { originOf } from "../protocol/ids.ts";
import type { Tags } from "../protocol/records.ts";
import { isTimer, TAG } from "../protocol/tags.ts";

export { anyAddress } from "../protocol/addresses.ts";
export { originOf as originOfId } from "../protocol/ids.ts";
export { PROTOCOL_VERSION } from "../protocol/records.ts";
export { delayOf, isTimer } from "../protocol/tags.ts";

/** Lineage of a promise where a workflow would create it: below the promise that its id names, or as a root. */
export function lineage(id: string): Record<string, string> {
  return lineageBelow(id, parentId(id) ?? originOf(id));
}

/** Lineage of a promise that belongs to a tree but to none of its workflows: no worker gets it with its task. */
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

/** Tag of a promise that is settled from outside. */
export const EXTERNAL: Readonly<Record<string, string>> = { [TAG.external]: "true" };

/** Tag of a promise that a worker at this address runs. */
export function targeted(address: string): Record<string, string> {
  return { [TAG.target]: address };
}

/** Tags of a workflow that a schedule starts. */
export function scheduled(address: string): Record<string, string> {
  return { [TAG.target]: address, [TAG.scope]: "global" };
}

/** Tags of a timer. It also has a target, because some servers keep deadlines only of promises with a target. */
export function timer(address: string): Record<string, string> {
  return { [TAG.timer]: "true", [TAG.target]: address };
}

/** Address of the workers that run it, if any do. */
export function targetOf(tags: Tags): string | undefined {
  return tags[TAG.target];
}

/** What servers hand over together: a workflow with its steps. Each other child is a branch of its own. */
export function branchOf(tags: Tags): string | undefined {
  return tags[TAG.branch];
}

/** Whether it is a step. */
export function isStep(tags: Tags): boolean {
  return tags[TAG.scope] === "local";
}

/** Whether its tags say that it is settled from outside. */
export function isForOutside(tags: Tags): boolean {
  return tags[TAG.external] === "true";
}

/** Whether a worker or the clock settles it. */
export function isRun(tags: Tags): boolean {
  return targetOf(tags) !== undefined || isTimer(tags);
}

/** Whether a signed use is one that the approval allows. */
import { argumentsOf, type Consumable, type StandingConsumable } from "../approval/consumable.ts";
import { consumableAt } from "../approval/consumable-items.ts";
import type { StoredRecord } from "../approval/stored.ts";
import { canonicalHash } from "../lib/canonical-hash.ts";

export function useProblems(
  root: StoredRecord,
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
): string[] {
  const { kind, sub, began, iss, state, n, at, argumentsHash, digest } = claims;
  const consumable = consumableAt(root, n);
  if (consumable === undefined) return ["it has a number that no use can have"];
  const atMs = Date.parse(String(at));
  const startedAtMs = root.settledAt ?? root.timeoutAt;
  const isAbout = kind === "use" && sub === root.id && Date.parse(String(began)) === root.createdAt;
  return [
    ...(isAbout && iss === issuer ? [] : ["it is about another approval"]),
    ...(digest === consumable.digest ? [] : ["it has another digest than what was approved"]),
    ...(atMs >= startedAtMs && atMs < consumable.untilMs
      ? []
      : ["it is outside of the time in which it could be used"]),
    ...(state === "revoked" || isApproved(argumentsHash, consumable)
      ? []
      : ["it was taken with other arguments than were approved"]),
  ];
}

/** A receipt has only the hash of the arguments, so what limits allow of them cannot be seen. */
function isApproved(argumentsHash: unknown, consumable: Consumable | StandingConsumable): boolean {
  return "standing" in consumable || argumentsHash === canonicalHash(argumentsOf(consumable));
}

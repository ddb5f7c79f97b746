/** Whether a signed use is one that the approval allows. */
import { type Consumable, consumableOf, type StandingConsumable } from "../approval/consumable.ts";
import type { StoredRecord } from "../approval/stored.ts";
import { canonicalHash } from "../lib/canonical-hash.ts";

export function useProblems(
  root: StoredRecord,
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
): string[] {
  const consumable = consumableOf(root);
  if (consumable === undefined || "why" in consumable) return ["the approval allows no use"];
  const { kind, sub, began, iss, state, n, at, argumentsHash, digest } = claims;
  const atMs = Date.parse(String(at));
  const startedAtMs = root.settledAt ?? root.timeoutAt;
  const isAbout = kind === "use" && sub === root.id && Date.parse(String(began)) === root.createdAt;
  return [
    ...(isAbout && iss === issuer ? [] : ["it is about another approval"]),
    ...(isNumber(n, consumable) ? [] : ["it has a number that no use can have"]),
    ...(digest === consumable.digest ? [] : ["it has another digest than what was approved"]),
    ...(atMs >= startedAtMs && atMs < consumable.untilMs
      ? []
      : ["it is outside of the time in which it could be used"]),
    ...(state === "revoked" || isApproved(argumentsHash, consumable)
      ? []
      : ["it was taken with other arguments than were approved"]),
  ];
}

/** Behind the last use of a standing approval there can be its revocation. */
function isNumber(n: unknown, consumable: Consumable | StandingConsumable): boolean {
  if (!("standing" in consumable)) return n === consumable.n;
  return Number.isInteger(n) && Number(n) >= 1 && Number(n) <= consumable.standing.uses + 1;
}

/** A receipt has only the hash of the arguments, so what limits allow of them cannot be seen. */
function isApproved(argumentsHash: unknown, consumable: Consumable | StandingConsumable): boolean {
  return "standing" in consumable || argumentsHash === canonicalHash(consumable.arguments);
}

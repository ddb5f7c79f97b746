/** Whether a signed use is one that the approval allows. */
import { argumentsOf, type Consumable, type StandingConsumable } from "../approval/consumable.ts";
import { consumableAt } from "../approval/consumable-items.ts";
import type { StoredRecord } from "../approval/stored.ts";
import { canonicalHash } from "../lib/canonical-hash.ts";
import { revocableAt } from "./use-receipt.ts";

export function useProblems(
  root: StoredRecord,
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
): string[] {
  const { kind, sub, began, iss, state, n, at, argumentsHash, digest } = claims;
  const consumable = consumableAt(root, n);
  const limit = state === "revoked" ? revocableAt(root, n) : consumable;
  // Behind the last use of a standing approval there can be its revocation, but no other use.
  const isBehind =
    consumable !== undefined &&
    "standing" in consumable &&
    state !== "revoked" &&
    Number(n) > consumable.standing.uses;
  if (limit === undefined || isBehind) return ["it has a number that no use can have"];
  const atMs = Date.parse(String(at));
  const startedAtMs = root.settledAt ?? root.timeoutAt;
  const isAbout = kind === "use" && sub === root.id && Date.parse(String(began)) === root.createdAt;
  return [
    ...(isAbout && iss === issuer ? [] : ["it is about another approval"]),
    ...(digest === limit.digest ? [] : ["it has another digest than what was approved"]),
    ...(atMs >= startedAtMs && atMs < limit.untilMs
      ? []
      : ["it is outside of the time in which it could be used"]),
    ...(state === "revoked" || (consumable !== undefined && isApproved(argumentsHash, consumable))
      ? []
      : ["it was taken with other arguments than were approved"]),
  ];
}

/** Of a standing approval, whose uses are numbered as they come, and whose revocation takes the next number. */
export function orderProblems(all: readonly Readonly<Record<string, unknown>>[]): string[] {
  const inOrder = all.toSorted((a, b) => Number(a["n"]) - Number(b["n"]));
  const times = inOrder.map(({ at }) => Date.parse(String(at)));
  const revoked = inOrder.findIndex(({ state }) => state === "revoked");
  return [
    ...(revoked === -1 || revoked === inOrder.length - 1
      ? []
      : ["A use has a number behind that of the revocation"]),
    ...(times.some((atMs, i) => atMs < (times[i - 1] ?? atMs))
      ? ["A use is older than one with a lower number"]
      : []),
  ];
}

/** A receipt has only the hash of the arguments, so what limits allow of them cannot be seen. */
function isApproved(argumentsHash: unknown, consumable: Consumable | StandingConsumable): boolean {
  return "standing" in consumable || argumentsHash === canonicalHash(argumentsOf(consumable));
}

/** Whether a signed use is one that the approval allows. */
import { consumableOf } from "../approval/consumable.ts";
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
    ...(n === consumable.n ? [] : ["it has another number than the only use"]),
    ...(digest === consumable.digest ? [] : ["it has another digest than what was approved"]),
    ...(atMs >= startedAtMs && atMs < consumable.untilMs
      ? []
      : ["it is outside of the time in which it could be used"]),
    ...(state === "revoked" || argumentsHash === canonicalHash(consumable.action.arguments)
      ? []
      : ["it was taken with other arguments than were approved"]),
  ];
}

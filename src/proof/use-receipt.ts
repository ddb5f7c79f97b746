/** What the signed receipt of a use or revocation says: an approved action was taken to be run, or can no longer be. */
import { consumableAt } from "../approval/consumable-items.ts";
import { type Program, programOf } from "../approval/doer.ts";
import { standingRefusal } from "../approval/refusal/standing-refusal.ts";
import type { StoredRecord } from "../approval/stored.ts";
import { takenIn } from "../approval/use.ts";

/** The claims, without `iss`. `at` is an ISO 8601 instant of the engine's clock. */
export interface UseReceipt extends Program {
  readonly v: 1;
  readonly kind: "use";
  readonly sub: string;
  readonly began: string;
  /** The number of the use, from 1. */
  readonly n: number;
  readonly state: "consumed" | "revoked";
  readonly at: string;
  /** SHA-256 of the arguments that it was taken with, in the form of RFC 8785. */
  readonly argumentsHash?: string;
  /** Of a revocation: why, and the address of the person who revoked it by their own link. */
  readonly reason?: string;
  readonly by?: string;
  /** The action's digest. */
  readonly digest: string;
}

/** Undefined if the record says nothing that the product wrote. */
export function useReceipt(root: StoredRecord, record: StoredRecord): UseReceipt | undefined {
  const taken = takenIn(record);
  if (taken.kind !== "use" && taken.kind !== "revoked") return undefined;
  const consumable =
    taken.kind === "use" ? consumableAt(root, taken.use.n) : revocableAt(root, taken.revocation.n);
  if (consumable === undefined) return undefined;
  const common = {
    v: 1,
    kind: "use",
    sub: root.id,
    began: iso(root.createdAt),
    at: iso(taken.atMs),
    digest: consumable.digest,
  } as const;
  if (taken.kind === "use") {
    const { n, argumentsHash } = taken.use;
    return { ...common, n, state: "consumed", argumentsHash, ...programOf(taken.use) };
  }
  const { n, reason, by } = taken.revocation;
  return {
    ...common,
    n,
    state: "revoked",
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
    ...programOf(taken.revocation),
  };
}

/** What was approved, or what was refused in advance, which only a revocation can end. */
export function revocableAt(
  root: StoredRecord,
  n: unknown,
): { readonly digest: string; readonly untilMs: number } | undefined {
  return consumableAt(root, n) ?? (n === 1 ? standingRefusal(root) : undefined);
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

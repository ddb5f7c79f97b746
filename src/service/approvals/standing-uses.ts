/** What became of a standing approval, and its end by hand. */
import type { GrantedStanding } from "../../approval/limits/granted.ts";
import type { Used } from "../../approval/limits/use.ts";
import { type StandingUse, slotIn } from "../../approval/limits/use-record.ts";
import type { Revocation } from "../../approval/use.ts";
import type { Durable } from "../../durable/durable.ts";
import type { Actor } from "./act.ts";
import { actOf, reasonOf } from "./ballot-acts.ts";
import { lastSlot } from "./last-slots.ts";
import { takeUse } from "./take-use.ts";

/** Times are milliseconds since 1970. */
export interface StandingUses {
  readonly used: Used;
  readonly last?: { readonly use: StandingUse; readonly atMs: number };
  readonly revoked?: { readonly revocation: Revocation; readonly atMs: number };
}

/** By as many reads as `lastSlot` takes. */
export async function readStandingUses(
  durable: Pick<Durable, "read">,
  granted: GrantedStanding,
): Promise<StandingUses> {
  const last = await lastSlot(durable, granted);
  const next = last.next && slotIn(last.next, granted.untilMs);
  return {
    used: last.used,
    ...(last.use === undefined ? {} : { last: last.use }),
    ...(next?.kind === "revoked" ? { revoked: { revocation: next.revocation, atMs: next.atMs } } : {}),
  };
}

export type StandingRevoked =
  | { readonly kind: "revoked"; readonly revocation: Revocation; readonly atMs: number }
  /** Nobody can use it any more anyway. */
  | { readonly kind: "late" }
  | { readonly kind: "unreadable" };

/** Takes the next slot, so that there is no use behind it. The first revocation stands. */
export async function revokeStanding(
  options: { readonly durable: Durable; readonly clock: () => number },
  granted: GrantedStanding,
  { reason, ...actor }: Actor & { readonly reason?: string | undefined },
): Promise<StandingRevoked> {
  const { approval, untilMs } = granted;
  const { n: last } = await lastSlot(options.durable, granted);
  for (let n = last + 1; ; n++) {
    const param: Revocation = { kind: "revoked", n, ...reasonOf(reason), ...actOf(actor) };
    const slot = slotIn(await takeUse(options, { approval, untilMs, param }), untilMs);
    // Somebody used it meanwhile.
    if (slot.kind !== "use") return slot;
  }
}

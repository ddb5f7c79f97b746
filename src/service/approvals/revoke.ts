/**
 * Takes the approval of an action back, as long as nobody has consumed it; a standing one, from the next use on; and a standing
 * refusal, from the next request on.
 */
import type { Consumable, NotConsumable } from "../../approval/consumable.ts";
import { allConsumable, consumableFor } from "../../approval/consumable-items.ts";
import { grantedStanding } from "../../approval/limits/granted.ts";
import { standingRefusal } from "../../approval/refusal/standing-refusal.ts";
import { type Revocation, type Taken, takenIn } from "../../approval/use.ts";
import { type ApprovalView, statusOf } from "../../approval/view.ts";
import type { Actor } from "./act.ts";
import { approvalBehind } from "./approval-behind.ts";
import { actOf, reasonOf } from "./ballot-acts.ts";
import type { ConsumeOptions } from "./consume.ts";
import { askerOf, revokeRefusal } from "./refusals.ts";
import { revokeStanding } from "./standing-uses.ts";
import { takeUse } from "./take-use.ts";

export interface RevokeCall extends Actor {
  readonly reason?: string | undefined;
  /** Which of several items, from 1. Default: all that nobody has consumed. */
  readonly item?: number | undefined;
  /** Whether this caller may revoke what refuses the program of that name. Default: it may. */
  readonly mayRevokeRefusal?: ((asker: string | undefined) => boolean) | undefined;
}

export type Revoked =
  | { readonly kind: "unknown" }
  | {
      readonly kind: "refused";
      readonly approval: string;
      readonly why: "no-action" | "not-approved";
      /** Of an approved one with items: that the item was struck out, or all of them. */
      readonly status: ApprovalView["status"] | "struck-out";
      readonly item?: number | undefined;
    }
  | {
      readonly kind: "no-item";
      readonly approval: string;
      readonly refusal: Extract<NotConsumable, { readonly why: "item" }>;
    }
  /** It is a refusal, which is not for this caller to revoke. */
  | { readonly kind: "not-theirs"; readonly approval: string }
  /** What is stored: by this call, or by one that came first. */
  | {
      readonly kind: "stands";
      readonly approval: string;
      /** Of several items, what became of the one that says most: revoked by this call, else revoked, else consumed. */
      readonly taken: Taken;
      /** Of several items: of each. */
      readonly all?: readonly Taken[];
    };

/** @param id of the approval, or of the promise by which a program called it */
export async function revokeAction(
  options: ConsumeOptions,
  id: string,
  { reason, item, mayRevokeRefusal, ...actor }: RevokeCall,
): Promise<Revoked> {
  const root = await approvalBehind(options.durable, id);
  const consumable = root && consumableFor(root, { item });
  if (root === undefined || consumable === undefined) return { kind: "unknown" };
  const revokeOne = async ({ n, untilMs }: Pick<Consumable, "n" | "untilMs">): Promise<Taken> => {
    const param: Revocation = { kind: "revoked", n, ...reasonOf(reason), ...actOf(actor) };
    return takenIn(await takeUse(options, { approval: root.id, untilMs, param }));
  };
  const items = item === undefined ? allConsumable(root) : [];
  if ("why" in consumable && consumable.why === "item" && items.length > 0) {
    const all = await Promise.all(items.map(revokeOne));
    const isOwn = (taken: Taken) => taken.kind === "revoked" && taken.revocation.nonce === actor.nonce;
    const most =
      all.find(isOwn) ??
      ["revoked", "use"].flatMap((kind) => all.find((each) => each.kind === kind) ?? [])[0];
    return { kind: "stands", approval: root.id, taken: most ?? { kind: "late" }, all };
  }
  const refusal = item === undefined ? standingRefusal(root) : undefined;
  if (refusal !== undefined) {
    const isTheirs = mayRevokeRefusal?.(await askerOf(options.durable, root)) ?? true;
    if (!isTheirs) return { kind: "not-theirs", approval: root.id };
    const taken = await revokeRefusal(options, refusal, { ...actor, reason });
    return { kind: "stands", approval: root.id, taken };
  }
  if ("why" in consumable) {
    if (consumable.why === "item" && item !== undefined)
      return { kind: "no-item", approval: root.id, refusal: consumable };
    const why = consumable.why === "no-action" ? "no-action" : "not-approved";
    const { status } = statusOf(root);
    const isStruckOut = status === "approved" && why === "not-approved";
    return { kind: "refused", approval: root.id, why, status: isStruckOut ? "struck-out" : status, item };
  }
  if ("standing" in consumable) {
    const granted = grantedStanding(root);
    const taken = granted && (await revokeStanding(options, granted, { ...actor, reason }));
    return { kind: "stands", approval: root.id, taken: taken ?? { kind: "unreadable" } };
  }
  return { kind: "stands", approval: root.id, taken: await revokeOne(consumable) };
}

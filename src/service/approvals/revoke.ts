/** Takes the approval of an action back, as long as nobody has consumed it; a standing one, from the next use on. */
import { consumableOf } from "../../approval/consumable.ts";
import { grantedStanding } from "../../approval/limits/granted.ts";
import { type Revocation, type Taken, takenIn } from "../../approval/use.ts";
import { type ApprovalView, statusOf } from "../../approval/view.ts";
import type { Actor } from "./act.ts";
import { approvalBehind } from "./approval-behind.ts";
import { actOf, reasonOf } from "./ballot-acts.ts";
import { type ConsumeOptions, take } from "./consume.ts";
import { revokeStanding } from "./standing-uses.ts";

export type Revoked =
  | { readonly kind: "unknown" }
  | {
      readonly kind: "refused";
      readonly approval: string;
      readonly why: "no-action" | "not-approved";
      readonly status: ApprovalView["status"];
    }
  /** What is stored, by whoever came first. */
  | {
      readonly kind: "stands";
      readonly approval: string;
      readonly taken: Taken;
    };

/** @param id of the approval, or of the promise by which a program called it */
export async function revokeAction(
  options: ConsumeOptions,
  id: string,
  { reason, ...actor }: Actor & { readonly reason?: string | undefined },
): Promise<Revoked> {
  const root = await approvalBehind(options.durable, id);
  const consumable = root && consumableOf(root);
  if (root === undefined || consumable === undefined) return { kind: "unknown" };
  if ("why" in consumable) {
    const why = consumable.why === "no-action" ? "no-action" : "not-approved";
    return { kind: "refused", approval: root.id, why, status: statusOf(root).status };
  }
  if ("standing" in consumable) {
    const granted = grantedStanding(root);
    const taken = granted && (await revokeStanding(options, granted, { ...actor, reason }));
    return { kind: "stands", approval: root.id, taken: taken ?? { kind: "unreadable" } };
  }
  const { n, untilMs } = consumable;
  const param: Revocation = { kind: "revoked", n, ...reasonOf(reason), ...actOf(actor) };
  const taken = takenIn(await take(options, root, { n, untilMs, param }));
  return { kind: "stands", approval: root.id, taken };
}

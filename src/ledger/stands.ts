/** What an approval lets through or refuses in advance, as lists show it. */
import type { ApprovalRequest } from "../approval/approval.ts";
import { grantedStanding } from "../approval/limits/granted.ts";
import { findLastSlot, type Reading } from "../approval/limits/last-slot.ts";
import { isUsedUp } from "../approval/limits/use.ts";
import { slotIn } from "../approval/limits/use-record.ts";
import { revocationIn, standingRefusal } from "../approval/refusal/standing-refusal.ts";
import type { StoredRecord } from "../approval/stored.ts";
import { useId } from "../approval/use.ts";

export interface Stands {
  /** A standing approval, or a standing refusal. */
  readonly kind: "approval" | "refusal";
  /** ISO 8601 instant: until when, unless it is revoked or used up before. */
  readonly until: string;
}

/**
 * Undefined if it never stood; `over` if it was revoked or used up. That its time is over shows in `until` alone. It reads
 * promises of uses, and only of approvals that ended with something that can stand.
 */
export function* standsIn(
  root: StoredRecord,
  { action, items }: Pick<ApprovalRequest, "action" | "items">,
): Reading<Stands | "over" | undefined> {
  if (root.state !== "resolved" || (action === undefined && items === undefined)) return undefined;
  const granted = grantedStanding(root);
  if (granted !== undefined) {
    const { used, next } = yield* findLastSlot(granted);
    const isRevoked = next !== undefined && slotIn(next, granted.untilMs).kind !== "late";
    return isRevoked || isUsedUp(granted.standing, used) ? "over" : stands("approval", granted.untilMs);
  }
  const refusal = standingRefusal(root);
  if (refusal === undefined) return undefined;
  const isRevoked = revocationIn(yield useId(root.id, 1)) !== undefined;
  return isRevoked ? "over" : stands("refusal", refusal.untilMs);
}

function stands(kind: Stands["kind"], untilMs: number): Stands {
  return { kind, until: new Date(untilMs).toISOString() };
}

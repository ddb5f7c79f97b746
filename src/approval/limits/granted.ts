/** A standing approval that its approvers have granted, read from what is stored. */
import type { Action } from "../action-schema.ts";
import { approvalsIn } from "../consumable.ts";
import { durationMs } from "../duration.ts";
import { addressKey } from "../person.ts";
import { outcomeOf, requestOf, type StoredRecord } from "../stored.ts";
import type { Standing } from "./schema.ts";

export interface GrantedStanding {
  /** Promise id of the approval. */
  readonly approval: string;
  readonly action: Action;
  readonly standing: Standing;
  /** Until when it can be used, in milliseconds since 1970. */
  readonly untilMs: number;
  /** The answers that granted it: numbers of the ballots, and addresses. */
  readonly grantedBy: readonly { readonly n: number; readonly email: string }[];
}

/** Undefined if the record is no standing approval, or is not approved. */
export function grantedStanding(root: StoredRecord): GrantedStanding | undefined {
  const action = requestOf(root)?.action;
  const outcome = outcomeOf(root);
  if (action?.standing === undefined || outcome?.outcome !== "approved" || root.settledAt === undefined) {
    return undefined;
  }
  return {
    approval: root.id,
    action,
    standing: action.standing,
    untilMs: root.settledAt + durationMs(action.validFor),
    grantedBy: approvalsIn(outcome).map(({ n, email }) => ({ n, email })),
  };
}

/** Whether this person may revoke it: one of those who granted it, or on whose behalf it was asked for. */
export function mayRevoke(root: StoredRecord, { grantedBy }: GrantedStanding, email: string): boolean {
  const requester = requestOf(root)?.requester?.email;
  const key = addressKey(email);
  return [...grantedBy.map((each) => each.email), requester].some(
    (each) => each !== undefined && addressKey(each) === key,
  );
}

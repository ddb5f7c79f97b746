/** Why an action is not consumed, or its approval not revoked, in words and as a problem for programs. */
import type { NotConsumable } from "../../approval/consumable.ts";
import { doerOf, type Program, programOf } from "../../approval/doer.ts";
import type { Refusal as LimitRefusal } from "../../approval/limits/use.ts";
import { type FieldProblem, ServiceError } from "../../lib/errors.ts";
import type { Consumed, Gone } from "./consume.ts";
import type { Revoked } from "./revoke.ts";

export type Refusal = NotConsumable | Gone;

/** Why nothing was granted. */
export function consumeFailure(refusal: Refusal): ServiceError {
  switch (refusal.why) {
    case "no-action":
      return new ServiceError("CONFLICT", "Cannot consume: the approval is not about an action");
    case "item":
      return itemFailure("consume", refusal);
    case "not-approved": {
      const { status } = refusal;
      const more = { approvalStatus: status };
      return new ServiceError("NOT_APPROVED", `Cannot consume: ${NOT_APPROVED[status]}`, { more });
    }
    case "ended": {
      const { status } = refusal;
      const more = { approvalStatus: status };
      const text = status === "expired" ? "the approval expired" : "the approval was cancelled";
      return new ServiceError("NO_LONGER_VALID", `Cannot consume: ${text}`, { more });
    }
    case "audience":
      return new ServiceError("NOT_AS_APPROVED", `Cannot consume: ${audienceText(refusal)}`);
    case "arguments": {
      const { differences } = refusal;
      const text = "Cannot consume: the arguments are not those that were approved";
      return new ServiceError("NOT_AS_APPROVED", text, { more: { differences } });
    }
    default:
      return goneFailure(refusal);
  }
}

function goneFailure(gone: Gone): ServiceError {
  switch (gone.why) {
    case "consumed": {
      const use = useOf(gone, gone.atMs);
      const text = `Cannot consume: another attempt consumed it at ${use.at}${by(gone)}`;
      return new ServiceError("ALREADY_CONSUMED", text, { more: { use } });
    }
    case "revoked": {
      const { atMs, revocation } = gone;
      const { reason } = revocation;
      const text = `Cannot consume: its approval was revoked at ${iso(atMs)}${reason === undefined ? "" : ` (${reason})`}`;
      return new ServiceError("NO_LONGER_VALID", text, { more: { approvalStatus: "revoked" } });
    }
    case "too-late":
      return new ServiceError(
        "NO_LONGER_VALID",
        `Cannot consume: it could be consumed until ${iso(gone.untilMs)}`,
        { more: { approvalStatus: "approved" } },
      );
    case "restored":
      return new ServiceError(
        "NO_LONGER_VALID",
        `Cannot consume: the service was restored from a backup of ${iso(gone.backupAtMs)}, and the action may have been consumed after that`,
        { more: { approvalStatus: "approved" } },
      );
    case "unreadable":
      return new ServiceError("CONFLICT", `Cannot consume: ${UNREADABLE}`);
    case "invalid":
      return invalid("consume", gone.problems);
    case "over-limit":
      return limitFailure(gone.refusal);
    case "other-arguments":
      return new ServiceError(
        "CONFLICT",
        "Cannot consume: the same attempt was made with other arguments before; give each try a name of its own",
      );
    default:
      return gone satisfies never;
  }
}

/** The number of uses, and what they come to, are used up; an argument is not what was approved. */
function limitFailure({ limit: name, pointer, message }: LimitRefusal): ServiceError {
  const more = { limit: { name, ...(pointer === undefined ? {} : { pointer }) } };
  if (name === "uses" || name === "total") {
    return new ServiceError("ALREADY_CONSUMED", `Cannot consume: ${message}`, { more });
  }
  const place = pointer === undefined || pointer === "" ? "the arguments" : pointer;
  return new ServiceError("NOT_AS_APPROVED", `Cannot consume: ${place}: ${message}`, { more });
}

const NOT_APPROVED = {
  pending: "the approval is still open",
  rejected: "the approval was rejected",
  failed: "the approval's workflow broke off",
  "struck-out": "this item was struck out",
} as const;

function itemFailure(
  verb: string,
  { count, isAtomic }: Extract<NotConsumable, { readonly why: "item" }>,
): ServiceError {
  const message =
    count === 0
      ? "must be left out: the approval is about one action"
      : isAtomic
        ? "must be left out: the items of this approval stay together"
        : `must be the number of an item, from 1 to ${count}`;
  return invalid(verb, [{ field: "item", message }]);
}

function invalid(verb: string, problems: readonly FieldProblem[]): ServiceError {
  return new ServiceError("INVALID_FIELDS", `Cannot ${verb}: some fields are wrong`, { problems });
}

function audienceText({ isNamed, isGiven }: Extract<NotConsumable, { readonly why: "audience" }>): string {
  if (!isNamed) return "the action names no audience: leave audience out";
  return isGiven
    ? "the action was approved for another audience"
    : "the action is for one audience alone: send your own as audience";
}

/** Why nothing was revoked; undefined if it is revoked, by this call or an earlier one. */
export function revokeFailure(
  revoked: Exclude<Revoked, { readonly kind: "unknown" }>,
): ServiceError | undefined {
  if (revoked.kind === "not-theirs") {
    return new ServiceError(
      "FORBIDDEN",
      "Cannot revoke: people have refused this in advance. They can revoke it, and so can a key with the scope approvals:manage that is not of the program that they refused",
    );
  }
  if (revoked.kind === "no-item") return itemFailure("revoke", revoked.refusal);
  if (revoked.kind === "refused") {
    const { why, status } = revoked;
    if (why === "no-action")
      return new ServiceError("CONFLICT", "Cannot revoke: the approval is not about an action");
    const text = notRevocable(revoked);
    return new ServiceError("CONFLICT", `Cannot revoke: ${text}`, { more: { approvalStatus: status } });
  }
  const { taken } = revoked;
  switch (taken.kind) {
    case "revoked":
      return undefined;
    case "use": {
      const use = useOf(taken.use, taken.atMs);
      const text = `Cannot revoke: it was consumed at ${use.at}${by(taken.use)}`;
      return new ServiceError("ALREADY_CONSUMED", text, { more: { use } });
    }
    case "unreadable":
      return new ServiceError("CONFLICT", `Cannot revoke: ${UNREADABLE}`);
    case "late":
      return new ServiceError("NO_LONGER_VALID", "Cannot revoke: its time is over");
    default:
      return taken satisfies never;
  }
}

function notRevocable({ status, item }: Extract<Revoked, { readonly kind: "refused" }>): string {
  if (status === "pending") return "the approval is still open: cancel it (POST /approvals/:id/cancel)";
  if (status !== "struck-out") return `the approval has ended as ${status}`;
  return item === undefined ? "all items were struck out" : NOT_APPROVED[status];
}

const UNREADABLE = "another program has written in the place of its use";

function useOf({ caller, client }: Program, atMs: number) {
  return { at: iso(atMs), ...programOf({ caller, client }) };
}

/** As the audit record has it. */
export function consumeOutcome(consumed: Exclude<Consumed, { readonly kind: "unknown" }>): string {
  return consumed.kind === "granted" ? "granted" : consumed.why;
}

function by(program: Program): string {
  const doer = doerOf(program);
  return doer?.kind === "key" ? ` by ${doer.name}` : "";
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

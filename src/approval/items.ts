/**
 * Several actions in one question. Each approver answers for all of them, or strikes some out. An item is approved if the approval is, and
 * if nobody whose answer counts has struck it out. Atomic items are answered as one.
 */
import type { FieldProblem } from "../lib/errors.ts";
import type { Action } from "./action-schema.ts";
import type { CountedDecision, Effect } from "./approval.ts";
import type { ApprovalRequest } from "./schema.ts";

type Acting = Pick<ApprovalRequest, "action" | "items" | "atomic">;

/** The actions of a request: one, several in their order, or none. */
export function actionsOf({ action, items }: Pick<Acting, "action" | "items">): readonly Action[] {
  return items ?? (action === undefined ? [] : [action]);
}

/** How many items an approver can strike out one by one; none where they are answered as one. */
export function separableItems({ items = [], atomic }: Acting): number {
  return atomic === true ? 0 : items.length;
}

/** The numbers of the items that an answer strikes out, in order and each once, or what is wrong with them. */
export function heldExcept(
  request: Acting,
  effect: Effect,
  given: readonly number[],
):
  | { readonly ok: true; readonly except: readonly number[] }
  | { readonly ok: false; readonly problem: FieldProblem } {
  const except = [...new Set(given)].sort((a, b) => a - b);
  const count = separableItems(request);
  const message = problemOf(except, count, effect);
  return message === undefined ? { ok: true, except } : { ok: false, problem: { field: "except", message } };
}

function problemOf(except: readonly number[], count: number, effect: Effect): string | undefined {
  if (except.length === 0) return undefined;
  if (count === 0) return "must be left out: this request has no items that can be struck out";
  if (effect !== "approve") return "must be left out with a choice that does not approve";
  if (except.some((n) => !Number.isInteger(n) || n < 1 || n > count)) {
    return `must have numbers of items, from 1 to ${count}`;
  }
  return except.length === count
    ? "must leave at least one item: reject to strike out all of them"
    : undefined;
}

/** The numbers of the items that are not run, of an approval that was approved with these; undefined of any other. */
export function leftOutItems(
  { items = [] }: Pick<Acting, "items">,
  approved: readonly { readonly n: number }[] | undefined,
): readonly number[] | undefined {
  if (approved === undefined) return undefined;
  const run = new Set(approved.map(({ n }) => n));
  return items.map((_, i) => i + 1).filter((n) => !run.has(n));
}

/** The numbers of the items that may be run, of an approval that was approved. */
export function approvedItems(
  items: readonly Action[],
  decisions: readonly Pick<CountedDecision, "except">[],
): readonly number[] {
  const struck = new Set(decisions.flatMap(({ except = [] }) => except));
  return items.map((_, i) => i + 1).filter((n) => !struck.has(n));
}

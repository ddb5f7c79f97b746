/** What can be taken of an approval of one action or of several: these one by one, or all together where they are atomic. */
import type { Action } from "./action-schema.ts";
import {
  approversIn,
  type Consumable,
  consumableOf,
  type Run,
  type StandingConsumable,
  statusProblem,
  type Wanted,
} from "./consumable.ts";
import { durationMs } from "./duration.ts";
import { outcomeOf, requestOf, type StoredRecord } from "./stored.ts";
import { statusOf } from "./view.ts";

/** @returns undefined if `root` is no approval */
export function consumableFor(
  root: StoredRecord,
  { item }: Pick<Wanted, "item">,
): ReturnType<typeof consumableOf> {
  const { items, atomic: isAtomic = false } = requestOf(root) ?? {};
  if (items === undefined) {
    return item === undefined ? consumableOf(root) : { why: "item", count: 0, isAtomic };
  }
  const isOne = item !== undefined && items[item - 1] !== undefined;
  if (isAtomic ? item !== undefined : !isOne) return { why: "item", count: items.length, isAtomic };
  const problem = statusProblem(statusOf(root).status);
  if (problem !== undefined) return problem;
  const outcome = outcomeOf(root);
  const { digest, items: approved } = outcome?.action ?? {};
  // Another program has written the outcome.
  if (outcome === undefined || digest === undefined || approved === undefined) return { why: "no-action" };
  const asked = item === undefined ? items : items.slice(item - 1, item);
  const runs = asked.flatMap((action, i) => {
    const found = approved.find(({ n }) => n === (item ?? i + 1));
    return found === undefined ? [] : [runOf(action, found.arguments)];
  });
  const [first] = runs;
  if (first === undefined || runs.length < asked.length) return { why: "not-approved", status: "struck-out" };
  const { arguments: given, ...action } = first;
  return {
    n: item ?? 1,
    action,
    arguments: given,
    ...(item === undefined ? { together: runs } : { item }),
    digest,
    approvedBy: approversIn(outcome),
    untilMs:
      (root.settledAt ?? root.timeoutAt) + Math.min(...asked.map(({ validFor }) => durationMs(validFor))),
  };
}

/** All that can be taken of it, in order. */
export function allConsumable(root: StoredRecord): readonly Consumable[] {
  const { items, atomic = false } = requestOf(root) ?? {};
  const named = items === undefined || atomic ? [undefined] : items.map((_, i) => i + 1);
  return named.flatMap((item) => {
    const found = consumableFor(root, { item });
    return found === undefined || "why" in found || "standing" in found ? [] : [found];
  });
}

/** What a use of this number takes; undefined if no use can have it. */
export function consumableAt(root: StoredRecord, n: unknown): Consumable | StandingConsumable | undefined {
  const whole = consumableOf(root);
  if (whole === undefined || !("standing" in whole)) return allConsumable(root).find((each) => each.n === n);
  // Behind the last use there can be a revocation.
  return Number.isInteger(n) && Number(n) >= 1 && Number(n) <= whole.standing.uses + 1 ? whole : undefined;
}

function runOf({ tool, target, audience, reversible }: Action, given: Run["arguments"]): Run {
  return {
    tool,
    ...(target === undefined ? {} : { target }),
    arguments: given,
    ...(audience === undefined ? {} : { audience }),
    reversible,
  };
}

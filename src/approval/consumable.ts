/** Whether an approved action may be taken to be run, and as what, by what is stored of its approval. Pure. */
import type { Action } from "./action-schema.ts";
import type { Outcome } from "./approval.ts";
import { type Difference, differencesOf } from "./differences.ts";
import { durationMs } from "./duration.ts";
import type { Standing } from "./limits/schema.ts";
import { outcomeOf, requestOf, type StoredRecord } from "./stored.ts";
import { type ApprovalView, statusOf } from "./view.ts";

/** Times are milliseconds since 1970, by the engine's clock. */
interface Approved {
  readonly action: Pick<Action, "tool" | "target" | "audience" | "reversible">;
  /** Of everything that was approved. */
  readonly digest: string;
  /** Addresses of those whose answers approved it. */
  readonly approvedBy: readonly string[];
  /** Until when it can be taken. */
  readonly untilMs: number;
}

/** One action with what it is to be run with. */
export interface Run extends Readonly<Pick<Action, "tool" | "target" | "audience" | "reversible">> {
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What can be taken once. */
export interface Consumable extends Approved {
  /** The number of its use. */
  readonly n: number;
  /** Those that were approved; of a standing approval, those of this use. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Of several actions, which one it is, from 1. */
  readonly item?: number;
  /** Of several actions that stay together: all of them, in order. `action` and `arguments` are those of the first. */
  readonly together?: readonly Run[];
}

/** What can be taken several times, within limits. */
export interface StandingConsumable extends Approved {
  readonly standing: Standing;
}

/** What an executor wants to run. */
export interface Wanted {
  readonly arguments?: unknown;
  /** The arguments of all items, where they stay together. */
  readonly items?: unknown;
  /** Which one of several items, from 1. */
  readonly item?: number | undefined;
  readonly audience?: string | undefined;
}

/** Why it cannot be taken, by the approval alone. */
export type NotConsumable =
  | { readonly why: "no-action" }
  /** Of several items, none is named, or none that there is; or one is named where there are none, or they stay together. */
  | { readonly why: "item"; readonly count: number; readonly isAtomic: boolean }
  /** Nobody approved it, or not yet; or the item was struck out. */
  | { readonly why: "not-approved"; readonly status: "pending" | "rejected" | "failed" | "struck-out" }
  | { readonly why: "ended"; readonly status: "expired" | "cancelled" }
  | { readonly why: "audience"; readonly isNamed: boolean; readonly isGiven: boolean }
  | { readonly why: "arguments"; readonly differences: readonly Difference[] };

/** @returns undefined if `root` is no approval */
export function consumableOf(
  root: StoredRecord,
): Consumable | StandingConsumable | NotConsumable | undefined {
  const request = requestOf(root);
  if (request === undefined) return undefined;
  const { action } = request;
  if (action === undefined) return { why: "no-action" };
  const problem = statusProblem(statusOf(root).status);
  if (problem !== undefined) return problem;
  const outcome = outcomeOf(root);
  const { digest, arguments: approved } = outcome?.action ?? {};
  // Another program has written the outcome.
  if (outcome === undefined || digest === undefined) return { why: "no-action" };
  const { tool, target, audience, reversible, validFor, standing } = action;
  const common: Approved = {
    action: {
      tool,
      ...(target === undefined ? {} : { target }),
      ...(audience === undefined ? {} : { audience }),
      reversible,
    },
    digest,
    approvedBy: approversIn(outcome),
    untilMs: (root.settledAt ?? root.timeoutAt) + durationMs(validFor),
  };
  if (standing !== undefined) return { ...common, standing };
  return approved === undefined ? { why: "no-action" } : { ...common, n: 1, arguments: approved };
}

/** Addresses of those whose answers approved it. */
export function approversIn(outcome: Pick<Outcome, "decisions">): readonly string[] {
  return approvalsIn(outcome).map(({ email }) => email);
}

/** The answers that approved it. */
export function approvalsIn({ decisions }: Pick<Outcome, "decisions">): Outcome["decisions"] {
  return decisions.filter(({ choice, effect = choice }) => effect === "approve");
}

/** Why something else than what was approved cannot be taken. What limits say of arguments is judged with each use. */
export function mismatchOf(
  consumable: Consumable | StandingConsumable,
  wanted: Wanted,
): NotConsumable | undefined {
  const all =
    "together" in consumable && consumable.together !== undefined ? consumable.together : [consumable.action];
  const other = all.find(({ audience }) => audience !== wanted.audience);
  if (other !== undefined) {
    const [isNamed, isGiven] = [other.audience !== undefined, wanted.audience !== undefined];
    return { why: "audience", isNamed, isGiven };
  }
  if ("standing" in consumable) return undefined;
  const given = consumable.together === undefined ? wanted.arguments : wanted.items;
  const differences = differencesOf(argumentsOf(consumable), given);
  return differences.length === 0 ? undefined : { why: "arguments", differences };
}

/** As an executor sends them. */
export function argumentsOf(consumable: Pick<Consumable, "arguments" | "together">): unknown {
  const { arguments: given, together } = consumable;
  return together === undefined ? given : together.map((run) => run.arguments);
}

export function statusProblem(status: ApprovalView["status"]): NotConsumable | undefined {
  switch (status) {
    case "approved":
      return undefined;
    case "expired":
    case "cancelled":
      return { why: "ended", status };
    default:
      return { why: "not-approved", status };
  }
}

/**
 * Takes an approved action to run it, once: one promise per use (`src/approval/use.ts`), which the first caller creates. The
 * record that comes back tells every caller who that was.
 */
import {
  argumentsOf,
  type Consumable,
  mismatchOf,
  type NotConsumable,
  type StandingConsumable,
  type Wanted,
} from "../../approval/consumable.ts";
import { consumableFor } from "../../approval/consumable-items.ts";
import { type Program, programOf } from "../../approval/doer.ts";
import { type GrantClaims, grantOf } from "../../approval/grant.ts";
import type { Refusal } from "../../approval/limits/use.ts";
import { isSameTry, type Revocation, type Taken, takenIn, type Use, useId } from "../../approval/use.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { readRestores } from "../../durable/restores.ts";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import type { FieldProblem } from "../../lib/errors.ts";
import { approvalBehind } from "./approval-behind.ts";
import { createLastSlots, type LastSlots } from "./last-slots.ts";
import { takeUse } from "./take-use.ts";
import { useStanding } from "./use-standing.ts";

export interface ConsumeOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** What this process knows of the uses of standing approvals. Default: nothing. */
  readonly slots?: LastSlots;
}

export interface ConsumeCall extends Wanted, Program {
  /** The executor's own name of this try. */
  readonly attempt: string;
}

export type Consumed =
  | { readonly kind: "unknown" }
  | ({ readonly kind: "refused"; readonly approval: string } & (NotConsumable | Gone))
  | {
      readonly kind: "granted";
      readonly approval: string;
      readonly n: number;
      readonly digest: string;
      readonly claims: GrantClaims;
    };

/** Why it cannot be taken, by what became of its use. Times are milliseconds since 1970. */
export type Gone =
  | ({ readonly why: "consumed"; readonly atMs: number } & Program)
  | { readonly why: "revoked"; readonly atMs: number; readonly revocation: Revocation }
  | { readonly why: "too-late"; readonly untilMs: number }
  /** The engine was restored from a backup of that time. Nobody knows whether it was consumed after that. */
  | { readonly why: "restored"; readonly backupAtMs: number }
  | { readonly why: "unreadable" }
  /** The arguments of a use of a standing approval could not be stored, or shown as they are. */
  | { readonly why: "invalid"; readonly problems: readonly FieldProblem[] }
  /** A limit of a standing approval refuses this use. */
  | { readonly why: "over-limit"; readonly refusal: Refusal }
  /** The attempt has used it with other arguments, or was going to. */
  | { readonly why: "other-arguments" };

/** @param id of the approval, or of the promise by which a program called it */
export async function consumeAction(
  options: ConsumeOptions,
  id: string,
  call: ConsumeCall,
): Promise<Consumed> {
  const { durable } = options;
  const root = await approvalBehind(durable, id);
  const consumable = root && consumableFor(root, call);
  if (root === undefined || consumable === undefined) return { kind: "unknown" };
  const refused = (why: NotConsumable | Gone): Consumed => ({ kind: "refused", approval: root.id, ...why });
  if ("why" in consumable) return refused(consumable);
  const mismatch = mismatchOf(consumable, call);
  if (mismatch !== undefined) return refused(mismatch);
  if ("standing" in consumable) return await consumeStanding(options, root, consumable, call);
  const { n, untilMs, digest } = consumable;
  const use: Use = {
    kind: "use",
    n,
    attempt: call.attempt,
    argumentsHash: canonicalHash(argumentsOf(consumable)),
    ...programOf(call),
  };
  const backupAtMs = await backupWith(options, root);
  const record =
    backupAtMs === undefined
      ? await takeUse(options, { approval: root.id, untilMs, param: use })
      : await durable.read(useId(root.id, n));
  if (record === undefined && backupAtMs !== undefined) return refused({ why: "restored", backupAtMs });
  const taken = takenIn(record);
  if (taken.kind !== "use" || !isSameTry(taken.use, use)) return refused(goneBy(taken, consumable));
  const claims = grantOf(root.id, consumable, taken.atMs);
  return { kind: "granted", approval: root.id, n, digest, claims };
}

/** Takes it once more, within its limits. */
async function consumeStanding(
  options: ConsumeOptions,
  root: StoredPromise,
  consumable: StandingConsumable,
  call: ConsumeCall,
): Promise<Consumed> {
  const { durable, clock, slots = createLastSlots(durable) } = options;
  const { id: approval } = root;
  const { standing, untilMs, digest } = consumable;
  const backupAtMs = await backupWith(options, root);
  // Its uses after the backup are lost, and with them what they came to.
  if (backupAtMs !== undefined) return { kind: "refused", approval, why: "restored", backupAtMs };
  const outcome = await useStanding(
    { durable, clock, slots },
    { approval, standing, untilMs },
    { ...call, arguments: call.arguments },
  );
  const refused = (why: Gone): Consumed => ({ kind: "refused", approval, ...why });
  switch (outcome.kind) {
    case "used": {
      const { n, arguments: given } = outcome.use;
      const claims = grantOf(approval, { ...consumable, n, arguments: given }, outcome.atMs);
      return { kind: "granted", approval, n, digest, claims };
    }
    case "invalid":
      return refused({ why: "invalid", problems: outcome.problems });
    case "over-limit":
      return refused({ why: "over-limit", refusal: outcome.refusal });
    case "other-arguments":
      return refused({ why: "other-arguments" });
    default:
      return refused(goneBy(outcome, consumable));
  }
}

/**
 * When the latest backup was made from which the engine was restored and that has this approval; undefined if there is none. Read each
 * time: a gateway may run on while its engine is restored.
 */
async function backupWith(
  { durable }: ConsumeOptions,
  { createdAt }: StoredPromise,
): Promise<number | undefined> {
  const restores = await readRestores(durable);
  return restores.findLast(({ backupAtMs }) => createdAt <= backupAtMs)?.backupAtMs;
}

function goneBy(taken: Taken, { untilMs }: Pick<Consumable, "untilMs">): Gone {
  switch (taken.kind) {
    case "use":
      return { why: "consumed", atMs: taken.atMs, ...programOf(taken.use) };
    case "revoked":
      return { why: "revoked", atMs: taken.atMs, revocation: taken.revocation };
    case "late":
      return { why: "too-late", untilMs };
    case "unreadable":
      return { why: "unreadable" };
    default:
      return taken satisfies never;
  }
}

/** Uses a standing approval once more: takes the next slot of `approval/limits/use-record.ts`, which states the rules. */
import { argumentsProblems } from "../../approval/action-problems.ts";
import { type Program, programOf } from "../../approval/doer.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import type { Standing } from "../../approval/limits/schema.ts";
import { isUsedUp, judgeUse, type Refusal, toldAfter, UNUSED, type Used } from "../../approval/limits/use.ts";
import {
  ATTEMPT_KIND,
  type Attempt,
  attemptId,
  attemptOf,
  type Slot,
  STANDING_MAIL_LIFE_MS,
  type StandingUse,
  slotIn,
  slotOfAttempt,
} from "../../approval/limits/use-record.ts";
import { isRecord } from "../../approval/raw-input.ts";
import { isSameTry, type Try, useId } from "../../approval/use.ts";
import { STANDING_USE_FUNC } from "../../approval/use-names.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { currentTime } from "../../durable/engine-time.ts";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import type { FieldProblem } from "../../lib/errors.ts";
import type { LastSlots, SlotsOf } from "./last-slots.ts";
import { takeUse } from "./take-use.ts";

export interface UseOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly slots: LastSlots;
}

/** A standing approval that was granted. */
export interface Granted {
  /** Promise id of the approval. */
  readonly approval: string;
  readonly standing: Standing;
  /** Until when it can be used, in milliseconds since 1970. */
  readonly untilMs: number;
}

export interface UseCall extends Program {
  readonly attempt: string;
  readonly arguments: unknown;
}

/** With arguments that the limits allow, which are an object. */
interface AllowedCall extends UseCall {
  readonly arguments: Readonly<Record<string, unknown>>;
}

export type UseOutcome =
  | { readonly kind: "used"; readonly use: StandingUse; readonly atMs: number }
  /** The arguments could not be stored, or shown as they are. */
  | { readonly kind: "invalid"; readonly problems: readonly FieldProblem[] }
  | { readonly kind: "over-limit"; readonly refusal: Refusal }
  /** The attempt was made before, with other arguments. */
  | { readonly kind: "other-arguments" }
  | Exclude<Slot, { readonly kind: "use" }>;

/**
 * The same attempt comes to the same use. Costs three requests to the engine, however many uses there were, and what
 * `SlotsOf.last` costs.
 */
export async function useStanding(options: UseOptions, granted: Granted, call: UseCall): Promise<UseOutcome> {
  const { standing } = granted;
  // Limits say what is allowed, not what can be stored, and shown to those who granted it.
  const problems = isRecord(call.arguments)
    ? argumentsProblems({ arguments: call.arguments }, call.arguments, "/arguments")
    : [];
  if (problems.length > 0) return { kind: "invalid", problems };
  // What the arguments alone refuse leaves nothing behind.
  const alone = judgeUse(standing, UNUSED, call.arguments);
  if (!alone.ok && alone.refusal.limit !== "total") return { kind: "over-limit", refusal: alone.refusal };
  // An object, or a limit had refused it.
  const given = call.arguments as AllowedCall["arguments"];
  const allowed = { ...call, arguments: given };
  return await options.slots.inTurn(
    granted,
    async (slots) => await useNext(options, granted, allowed, slots),
  );
}

async function useNext(
  options: UseOptions,
  granted: Granted,
  call: AllowedCall,
  slots: SlotsOf,
): Promise<UseOutcome> {
  const { durable, clock } = options;
  const { approval, standing, untilMs } = granted;
  const last = await slots.last();
  const isOver = (await currentTime({ durable, clock })) >= untilMs;
  const judged = judgeUse(standing, last.used, call.arguments);
  // An attempt that cannot come to anything more leaves nothing behind either, or a program that goes on trying would fill the disk.
  const record =
    isOver || !judged.ok
      ? await durable.read(attemptId(approval, call))
      : await begin(options, granted, call, last.n + 1);
  const attempt = record && attemptOf(record);
  if (record === undefined) {
    const revoked = await revocationBehind(options, granted, slots);
    return (
      revoked ?? (isOver || judged.ok ? { kind: "late" } : { kind: "over-limit", refusal: judged.refusal })
    );
  }
  if (attempt === undefined) return { kind: "unreadable" };
  if (attempt.argumentsHash !== hashOf(call)) return { kind: "other-arguments" };
  const known = await knownUse(options, granted, call, slotOfAttempt(record));
  if (known !== undefined) return (await revocationBehind(options, granted, slots)) ?? known;
  return await walk(options, granted, { call, from: attempt.from, record, slots });
}

/** Looks at each slot from the attempt's first on (V3) that this process has not looked at for it, and takes the first free one. */
async function walk(
  options: UseOptions,
  granted: Granted,
  {
    call,
    from,
    record,
    slots,
  }: {
    readonly call: AllowedCall;
    readonly from: number;
    readonly record: StoredPromise;
    readonly slots: SlotsOf;
  },
): Promise<UseOutcome> {
  const { standing, untilMs } = granted;
  const looked = slots.lookedUpTo(record.id);
  const start = looked?.n ?? from - 1;
  let before = looked?.used ?? (await usedUpTo(options, granted, start, slots));
  if (before === undefined) return { kind: "unreadable" };
  for (let n = start + 1; ; n++) {
    const judged = judgeUse(standing, before, call.arguments);
    const slot: Slot | undefined = judged.ok
      ? slotIn(await take(options, granted, useOf(call, n, judged.used), before), untilMs)
      : await slotAt(options, granted, n);
    if (slot === undefined) {
      slots.looked(record.id, { n: n - 1, used: before });
      return judged.ok ? { kind: "late" } : { kind: "over-limit", refusal: judged.refusal };
    }
    if (slot.kind !== "use") return slot;
    slots.saw({ n, used: slot.use.used });
    if (isSameTry(slot.use, tryOf(call))) {
      await options.durable.settle(record.id, n);
      return { ...slot, kind: "used" };
    }
    before = slot.use.used;
  }
}

/** Creates the promise of a slot, unless it exists or the approval's time is over. */
async function take(
  options: UseOptions,
  { approval, standing, untilMs }: Granted,
  use: StandingUse,
  before: Used,
): Promise<StoredPromise | undefined> {
  const isTold = toldAfter(standing, before, use.used).length > 0;
  const timeoutAt = untilMs + STANDING_MAIL_LIFE_MS;
  const call = isTold ? { func: STANDING_USE_FUNC, args: [use, approval], timeoutAt } : undefined;
  const isLast = isUsedUp(standing, use.used);
  return await takeUse(options, { approval, untilMs, param: use, isLast, call });
}

async function begin(
  { durable }: UseOptions,
  { approval, untilMs }: Granted,
  call: UseCall,
  from: number,
): Promise<StoredPromise> {
  const param: Attempt = {
    kind: "use-attempt",
    attempt: call.attempt,
    argumentsHash: hashOf(call),
    from,
  };
  const id = attemptId(approval, call);
  return await durable.create({
    id,
    param,
    timeoutAt: untilMs,
    tags: { [KIND_TAG]: ATTEMPT_KIND },
    isLoose: true,
  });
}

/** The use in the slot that is recorded for an attempt; undefined if there is none, or another's. */
async function knownUse(
  options: UseOptions,
  granted: Granted,
  call: UseCall,
  n: number | undefined,
): Promise<Extract<UseOutcome, { readonly kind: "used" }> | undefined> {
  const slot = n === undefined ? undefined : await slotAt(options, granted, n);
  return slot?.kind === "use" && isSameTry(slot.use, tryOf(call)) ? { ...slot, kind: "used" } : undefined;
}

/** After a revocation nobody gets a grant, not even once more. */
async function revocationBehind(
  options: UseOptions,
  granted: Granted,
  slots: SlotsOf,
): Promise<Extract<Slot, { readonly kind: "revoked" }> | undefined> {
  const { n } = await slots.last();
  for (let at = n + 1; ; at++) {
    const slot = await slotAt(options, granted, at);
    if (slot?.kind !== "use") return slot?.kind === "revoked" ? slot : undefined;
    slots.saw({ n: at, used: slot.use.used });
  }
}

async function usedUpTo(
  options: UseOptions,
  granted: Granted,
  n: number,
  slots: SlotsOf,
): Promise<Used | undefined> {
  if (n === 0) return UNUSED;
  const last = await slots.last();
  if (last.n === n) return last.used;
  const slot = await slotAt(options, granted, n);
  return slot?.kind === "use" ? slot.use.used : undefined;
}

/** Undefined if nobody has taken it. */
async function slotAt(
  { durable }: UseOptions,
  { approval, untilMs }: Granted,
  n: number,
): Promise<Slot | undefined> {
  const record = await durable.read(useId(approval, n));
  return record && slotIn(record, untilMs);
}

function useOf(call: AllowedCall, n: number, used: Used): StandingUse {
  const { attempt, arguments: given } = call;
  return { kind: "use", n, attempt, arguments: given, argumentsHash: hashOf(call), used, ...programOf(call) };
}

function tryOf(call: UseCall): Try {
  return { ...call, argumentsHash: hashOf(call) };
}

function hashOf({ arguments: given }: UseCall): string {
  return canonicalHash(given);
}

/** Takes the place of a use (`src/approval/use.ts`): for a use, or for a revocation in its place. */
import { KIND_TAG } from "../../approval/ids.ts";
import { type Revocation, type Use, useId } from "../../approval/use.ts";
import { ENDS_STANDING, ENDS_TAG, USE_KIND } from "../../approval/use-names.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { currentTime } from "../../durable/engine-time.ts";

interface TakeOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

interface Place {
  /** Promise id of the approval. */
  readonly approval: string;
  /** Until when it can be used, in milliseconds since 1970. */
  readonly untilMs: number;
  readonly param: Use | Revocation;
  /** Whether a standing approval is used up with it. */
  readonly isLast?: boolean;
  /** The workflow that tells people of it, with the use as its argument; it may live longer. Default: nobody is told. */
  readonly call?: { readonly func: string; readonly args: unknown[]; readonly timeoutAt: number } | undefined;
}

/**
 * Creates the promise of a use, unless it exists or the approval's time is over.
 *
 * @returns what is stored; undefined if nothing is
 */
export async function takeUse(
  { durable, clock }: TakeOptions,
  { approval, untilMs, param, isLast = false, call }: Place,
): Promise<StoredPromise | undefined> {
  const id = useId(approval, param.n);
  // Who comes after the time creates nothing; who comes in time by this clock alone is told by the engine's (U3).
  if ((await currentTime({ durable, clock })) >= untilMs) return await durable.read(id);
  // The approval's workflow has ended, and no worker gets these with it.
  const ends = isLast || param.kind === "revoked" ? { [ENDS_TAG]: ENDS_STANDING } : {};
  const common = { id, tags: { [KIND_TAG]: USE_KIND, ...ends }, isLoose: true } as const;
  return call === undefined
    ? await durable.create({ ...common, param, timeoutAt: untilMs })
    : await durable.start({ ...common, ...call });
}

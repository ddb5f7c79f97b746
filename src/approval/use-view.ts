/** Uses and revocations as answers show them. */
import { type Program, programOf } from "./doer.ts";
import type { Used } from "./limits/use.ts";
import type { Taken } from "./use.ts";

/** `at` is an ISO 8601 instant of the engine's clock. */
export interface UseView extends Program {
  /** The number of the use, from 1. */
  readonly n: number;
  readonly state: "consumed" | "revoked";
  readonly at: string;
  /** Of a standing approval: what all uses came to with this one. */
  readonly used?: Used;
  /** Of a revocation. */
  readonly reason?: string;
  /** The address of the person who revoked it by their own link. */
  readonly by?: string;
}

/** What came too late, or from another program, is left out. */
export function useViews(uses: readonly Taken[]): readonly UseView[] {
  return uses.flatMap((taken): readonly UseView[] => {
    if (taken.kind === "use") {
      const { n, used } = taken.use;
      const more = used === undefined ? {} : { used };
      return [{ n, state: "consumed", at: iso(taken.atMs), ...more, ...programOf(taken.use) }];
    }
    if (taken.kind !== "revoked") return [];
    const { n, reason, by } = taken.revocation;
    return [
      {
        n,
        state: "revoked",
        at: iso(taken.atMs),
        ...(reason === undefined ? {} : { reason }),
        ...(by === undefined ? {} : { by }),
        ...programOf(taken.revocation),
      },
    ];
  });
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

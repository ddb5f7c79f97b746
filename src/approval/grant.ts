/** What a grant says: which action may run, once. It follows from what is stored alone, so every gateway says the same. */
import type { Consumable, Run } from "./consumable.ts";
import { useId } from "./use.ts";

/** A program that was down when it got its grant has so long to run the action, even at the end of the action's time. */
export const GRANT_LIFE_MIN_MS = 5 * 60_000;

/** Claims of the JWT (RFC 7519, section 4), without the issuer. Times are seconds since 1970. */
export interface GrantClaims {
  /** The approval. */
  readonly sub: string;
  /** The use. The program that runs the action can refuse one that it has seen before. */
  readonly jti: string;
  readonly aud?: string;
  readonly iat: number;
  readonly exp: number;
  readonly tool?: string;
  readonly target?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly reversible?: string;
  /** Of several actions, which one it is, from 1. */
  readonly item?: number;
  /** Of several actions that stay together: the four members above, of each. */
  readonly actions?: readonly Omit<Run, "audience">[];
  readonly digest: string;
  readonly approvedBy: readonly string[];
}

/** @param atMs when the use was stored, in milliseconds since 1970 */
export function grantOf(approval: string, consumable: Consumable, atMs: number): GrantClaims {
  const { n, action, arguments: given, item, together, digest, approvedBy, untilMs } = consumable;
  const { audience } = action;
  return {
    sub: approval,
    jti: useId(approval, n),
    ...(audience === undefined ? {} : { aud: audience }),
    iat: Math.floor(atMs / 1_000),
    exp: Math.floor(Math.max(untilMs, atMs + GRANT_LIFE_MIN_MS) / 1_000),
    ...(together === undefined
      ? withoutAudience({ ...action, arguments: given })
      : { actions: together.map(withoutAudience) }),
    ...(item === undefined ? {} : { item }),
    digest,
    approvedBy,
  };
}

/** It is a claim of its own. */
function withoutAudience(run: Run): Omit<Run, "audience"> {
  const { audience, ...others } = run;
  return audience === undefined ? run : others;
}

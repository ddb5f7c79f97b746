/** A standing refusal as answers show it. Times are ISO 8601 instants of the engine's clock. */
import type { Limits } from "../limits/schema.ts";
import type { Revocation } from "../use.ts";
import type { StandingRefusal } from "./standing-refusal.ts";

export interface RefusalView {
  /** The approval that was rejected. */
  readonly approval: string;
  readonly state: "in-force" | "over" | "revoked";
  readonly since: string;
  /** When it is over, or was revoked. */
  readonly until: string;
  /** What each of those said whose answers rejected it. Only what all of them refuse is refused. */
  readonly said: readonly {
    /** Address of the person. */
    readonly by: string;
    readonly until: string;
    /** Which arguments are refused: those that were asked about, those within `limits`, or any. */
    readonly arguments: "same" | "within" | "any";
    readonly limits?: Limits;
  }[];
}

export function refusalView(
  { approval, sinceMs, untilMs, said }: StandingRefusal,
  revoked: { readonly revocation: Revocation; readonly atMs: number } | undefined,
  nowMs: number,
): RefusalView {
  return {
    approval,
    state: revoked !== undefined ? "revoked" : nowMs < untilMs ? "in-force" : "over",
    since: iso(sinceMs),
    until: iso(revoked?.atMs ?? untilMs),
    said: said.map(({ email, doNotAsk: { until, same, limits } }) => ({
      by: email,
      until,
      ...(limits === undefined
        ? { arguments: same === undefined ? "any" : "same" }
        : { arguments: "within", limits }),
    })),
  };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

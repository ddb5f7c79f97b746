/** The pages below that of a ballot or a request where something is revoked that stands. */
import type { Person } from "../../approval/approval.ts";
import type { FieldFault } from "../../approval/field-answers.ts";
import type { GrantedStanding } from "../../approval/limits/granted.ts";
import type { StandingRefusal } from "../../approval/refusal/standing-refusal.ts";
import type { Revocation } from "../../approval/use.ts";
import type { StandingUses } from "../../service/approvals/standing-uses.ts";
import type { Visiting } from "./inbox-page.ts";

export interface RevokePage {
  readonly reader: Person;
  /** Of the request. */
  readonly title: string;
  /** Path of the page that this one belongs to. */
  readonly back: string;
  /** The present, in milliseconds since 1970. */
  readonly nowMs: number;
  /** The form that revokes it: as of `ActPage`. */
  readonly form: {
    readonly values: ReadonlyMap<string, string>;
    readonly faults: ReadonlyMap<string, FieldFault>;
    readonly press: string;
  };
  /** Whether a press came too late. */
  readonly isLate: boolean;
  /** Given where the reader is signed in, and has not come by a link. */
  readonly visitor?: Visiting;
}

/** A standing approval that was granted, for those who granted it or asked for it. */
export interface StandingPage extends RevokePage {
  readonly granted: GrantedStanding;
  readonly uses: StandingUses;
}

/** A standing refusal, for those who said it or whose program it refuses. */
export interface RefusalPage extends RevokePage {
  readonly refusal: StandingRefusal;
  readonly revoked?: { readonly revocation: Revocation; readonly atMs: number } | undefined;
  /** Whether the reader can revoke it. */
  readonly isTheirs: boolean;
}

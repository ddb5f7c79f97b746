import type { Absence } from "../../approval/absence-entry.ts";
import type { Person } from "../../approval/approval.ts";
import type { FieldFault } from "../../approval/field-answers.ts";
import type { InboxItem } from "../../service/inbox/list.ts";
import type { Asked, Standing } from "./page.ts";

export const INBOX_LISTS = ["waiting", "asked", "done"] as const;
export type InboxList = (typeof INBOX_LISTS)[number];

/** Who is signed in. `form` is what their forms carry to show that they are ours. */
export interface Visiting {
  readonly email: string;
  readonly form: string;
}

/**
 * The pages of a person who is signed in.
 *
 * - `inbox` (200): one page of one list.
 * - `inboxConfirm` (200; 422 with `isEmpty`): several approvals, each whole, with its answers. `left`: how many of those that
 *   were selected cannot be answered here.
 * - `passkeys` (200; 409 or 422 if one was not added): those that they have.
 * - `absence` (200; 409 or 422 if it was not stored): when they are away, and who is asked then.
 * - `inboxResults` (200; 503 with `unknown`): what became of each.
 */
export type InboxPage =
  | { readonly view: "absence"; readonly data: AbsencePage }
  | { readonly view: "passkeys"; readonly data: PasskeysPage }
  | {
      readonly view: "inbox";
      readonly data: {
        readonly visitor: Visiting;
        readonly list: InboxList;
        readonly items: readonly InboxItem[];
        /** Addresses of the pages beside this one. */
        readonly previous?: string;
        readonly next?: string;
        readonly nowMs: number;
      };
    }
  | {
      readonly view: "inboxConfirm";
      readonly data: {
        readonly visitor: Visiting;
        /** Names the press: the same form sent twice answers once. */
        readonly nonce: string;
        readonly questions: readonly { readonly pid: string; readonly asked: Asked }[];
        readonly left: number;
        readonly isEmpty?: boolean;
      };
    }
  | {
      readonly view: "inboxResults";
      readonly data: {
        readonly visitor: Visiting;
        readonly results: readonly {
          readonly pid: string;
          readonly asked: Asked;
          readonly pressed: string;
          /** Undefined: it was not recorded, because a comment is missing or the text cannot be kept. */
          readonly stands?: Standing;
          readonly effective: boolean;
        }[];
        /** Promise ids of ballots of which it is not known whether an answer was recorded: the engine did not reply. */
        readonly unknown: readonly string[];
      };
    };

/** What keeps an absence from being stored: its field, or that others store theirs. */
export type AbsenceProblem = "to" | "from" | "until" | "person" | "busy";

export interface AbsencePage {
  readonly visitor: Visiting;
  /** As approvals know them. */
  readonly person: Person;
  /** Rules of theirs that hold or will, and those by which they are asked in place of others. */
  readonly own: readonly Absence[];
  readonly others: readonly Absence[];
  /** What was filled in, by the control's name, and what is wrong with it. */
  readonly values: ReadonlyMap<string, string>;
  readonly faults: ReadonlyMap<string, FieldFault>;
  readonly problem?: AbsenceProblem;
  /** Names this form, with 128 random bits in base64url. */
  readonly press: string;
}

export interface PasskeysPage {
  readonly visitor: Visiting;
  readonly passkeys: readonly {
    readonly n: number;
    readonly label: string;
    /** Milliseconds since 1970. */
    readonly addedAtMs: number;
    readonly endsAtMs: number;
  }[];
  /** What the browser is asked to make one by, as JSON; absent where none can be made. */
  readonly options?: string;
  /** Why they can add no other: they have as many as they may, or have added too many lately. */
  readonly limit?: "full" | "spent";
  readonly values: ReadonlyMap<string, string>;
  readonly faults: ReadonlyMap<string, FieldFault>;
  readonly problem?: "fields" | "unchecked" | "full" | "spent";
}

/** Names of the controls of the form that answers several. A number follows upon those with a point. */
export const INBOX_FORM = {
  form: "form",
  press: "press",
  ballot: "ballot",
  choice: "choice.",
  comment: "comment.",
} as const;

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
 * - `inboxResults` (200; 503 with `unknown`): what became of each.
 */
export type InboxPage =
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

/** Names of the controls of the form that answers several. A number follows upon those with a point. */
export const INBOX_FORM = {
  form: "form",
  press: "press",
  ballot: "ballot",
  choice: "choice.",
  comment: "comment.",
} as const;

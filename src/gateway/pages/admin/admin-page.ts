/** The pages of operators. They are in English, as the documentation, the command line and the log are. */
import type { Role } from "../../../approval/admin-session.ts";
import type { Course } from "../../../approval/course.ts";
import type { FieldFault } from "../../../approval/field-answers.ts";
import type { HistoryEvent } from "../../../approval/history.ts";
import type { CallbackView } from "../../../approval/stored-callback.ts";
import type { ApprovalView } from "../../../approval/view.ts";
import type { Entry } from "../../../ledger/entry.ts";
import type { FieldProblem } from "../../../lib/errors.ts";
import type { RelayState } from "../../../lib/relay-state.ts";
import type { Overview } from "../../../service/admin/overview.ts";
import type { ChangePage } from "../page.ts";
import type { AdminAct } from "./admin-acts.ts";
import type { AdminFilter } from "./admin-filter.ts";

/** Who is signed in. `form` is what their forms carry to show that they are ours. */
export interface OperatorShown {
  readonly name: string;
  readonly role: Role;
  readonly form: string;
}

/** A list of approvals. `total`: how many there are, or at least are if `isExact` is false. */
interface AdminList {
  /** What is known of the relay, where a worker is in the same process. */
  readonly relay?: RelayState;
  readonly operator: OperatorShown;
  readonly filter: AdminFilter;
  /** What is wrong with the filter, by its controls; nothing is listed then. */
  readonly problems: readonly FieldProblem[];
  /** Why nothing can be listed. */
  readonly unavailable?: string;
  readonly items: readonly Entry[];
  readonly total?: { readonly count: number; readonly isExact: boolean };
  /** Addresses of the pages beside this one. */
  readonly previous?: string;
  readonly next?: string;
  readonly nowMs: number;
}

export interface AdminApproval {
  readonly operator: OperatorShown;
  readonly course: Course;
  readonly view: ApprovalView;
  readonly history: readonly HistoryEvent[];
  /** Whether its tree has more promises than were read: then some mails, callbacks and openings of links are missing. */
  readonly truncated: boolean;
  readonly callbacks: readonly CallbackView[];
  /** What it waits for besides answers, the earliest first. */
  readonly timers: readonly { readonly kind: "end" | "alarm"; readonly atMs: number }[];
  readonly nowMs: number;
}

/** The form of one act, with what it does, before anything is done. */
interface AdminActForm {
  readonly operator: OperatorShown;
  readonly act: AdminAct;
  /** Title of the request. */
  readonly title: string;
  /** The approval's id. */
  readonly reference: string;
  /** The approver whose ballot it is about, by name or address. */
  readonly person?: string;
  /** Names the form: sent twice, it acts once. */
  readonly press: string;
  /** What was filled in, by the control's name. */
  readonly values: ReadonlyMap<string, string>;
  /** What is wrong with it. */
  readonly faults: ReadonlyMap<string, FieldFault>;
  /** Why it was not done. */
  readonly problem?: string;
}

/**
 * - `adminSignIn` (200; 401 with `problem`): the ways in. `key`: a key has to be typed, or nobody needs one.
 * - `adminSignedOut` (200).
 * - `adminList` (200; 422 with `problems`, 503 with `unavailable`).
 * - `adminApproval` (200).
 * - `adminOverview` (200; 503 with `unavailable`): figures and what is stuck. `halted` is absent where the engine cannot say.
 * - `adminCallbacks` (200): those that failed. `callbacks` is absent where the server cannot search.
 * - `adminAct` and `adminChange` (200; 409 or 422 if it was not done).
 */
export type AdminPage =
  | {
      readonly view: "adminSignIn";
      readonly data: {
        readonly key?: "needed" | "not needed";
        readonly provider: boolean;
        readonly problem?: string;
      };
    }
  | { readonly view: "adminSignedOut" }
  | { readonly view: "adminList"; readonly data: AdminList }
  | { readonly view: "adminApproval"; readonly data: AdminApproval }
  | {
      readonly view: "adminOverview";
      readonly data: {
        readonly operator: OperatorShown;
        readonly overview?: Overview;
        readonly unavailable?: string;
        readonly halted?: {
          readonly named: readonly { readonly id: string; readonly isApproval: boolean }[];
          /** There may be more. */
          readonly isLeast: boolean;
        };
        /** Of the log's head, where there are any. */
        readonly witnesses?: readonly {
          readonly name: string;
          readonly last?: { readonly size: number; readonly atMs: number };
          readonly failing?: { readonly sinceMs: number; readonly why: string };
        }[];
      };
    }
  | {
      readonly view: "adminCallbacks";
      readonly data: {
        readonly operator: OperatorShown;
        readonly callbacks?: readonly CallbackView[];
        /** How many callbacks were looked at, if there are more. */
        readonly lookedAt?: number;
      };
    }
  | { readonly view: "adminAct"; readonly data: AdminActForm }
  | {
      readonly view: "adminChange";
      readonly data: Omit<ChangePage, "refused"> & Pick<AdminActForm, "operator" | "problem">;
    };

/** Names of the controls of these forms. */
export const ADMIN_FORM = { form: "form", key: "key" } as const;

/** The page of an approval. */
export function adminApprovalHref(id: string): string {
  return `/admin/approvals/${encodeURIComponent(id)}`;
}

/** The form of an act on it, or on one of its ballots. */
export function adminActHref(id: string, act: AdminAct | "change", n?: number): string {
  const about = adminApprovalHref(id);
  return n === undefined ? `${about}/${act}` : `${about}/ballots/${n}/${act}`;
}

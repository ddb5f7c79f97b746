import type { ApprovalRequest, Door, OutcomeKind, Person, PlainChoice } from "../../approval/approval.ts";
import { COMMENT_CHARS_MAX } from "../../approval/schema.ts";
import type { ClosedBecause } from "../../approval/standing.ts";

/** What a page shows of the request itself. An `ApprovalRequest` fits. */
export type AskedRequest = Pick<
  ApprovalRequest,
  | "title"
  | "summary"
  | "details"
  | "requester"
  | "approvers"
  | "stages"
  | "require"
  | "rejection"
  | "onDeadline"
  | "replace"
>;

/** One approver's open or closed question. */
export interface Asked {
  readonly request: AskedRequest;
  /** The person in whose name the holder of the link decides. */
  readonly approver: Person;
  readonly deadlineAtMs: number;
}

/** What the stored ballot says. */
export type Standing =
  | {
      readonly kind: "decided";
      readonly choice: PlainChoice;
      /** The decider's address; the approver's own name is shown when it is theirs. */
      readonly by: string;
      readonly door: Door;
      /** The program that decided in the approver's place. */
      readonly caller?: string;
      /** The engine's `settledAt`. */
      readonly atMs: number;
      readonly comment?: string;
      /** How the approval ended, once that is recorded. */
      readonly outcome?: OutcomeKind;
    }
  /** The ballot is closed because the approval ended, was cancelled, or its deadline passed (`expired`). */
  | {
      readonly kind: "closed";
      readonly because: ClosedBecause;
      readonly atMs?: number;
      /** Why the approval was cancelled, in the words of the caller who cancelled it. */
      readonly reason?: string;
      readonly outcome?: OutcomeKind;
    };

/**
 * Every page people get, with the data it needs.
 *
 * - `decide` (200; 422 with `problem`): the form with its one button.
 * - `standing` (200, 409, 410): how the ballot was settled; no form. For GET on a ballot that is not open.
 * - `receipt` (200, 409, 410): the result of a press. `effective` is true when this press is the stored decision.
 * - `refused` (403): one and the same page for every bad link.
 * - `notRecorded` (503): the engine did not answer; nothing was recorded.
 * - `error`: any other refusal; `message` must be fit for people.
 * - `home`: what this service is; links the development mailbox where there is one.
 */
export type Page =
  | {
      readonly view: "decide";
      readonly data: Asked & {
        readonly choice: PlainChoice;
        readonly problem?: string;
        readonly comment?: string;
      };
    }
  | {
      readonly view: "standing";
      readonly data: Asked & { readonly choice: PlainChoice; readonly stands: Standing };
    }
  | {
      readonly view: "receipt";
      readonly data: Asked & {
        readonly choice: PlainChoice;
        readonly stands: Standing;
        readonly effective: boolean;
      };
    }
  | { readonly view: "refused" }
  | { readonly view: "notRecorded" }
  | {
      readonly view: "error";
      readonly data: { readonly title: string; readonly message: string; readonly requestId?: string };
    }
  | { readonly view: "home"; readonly data: { readonly mailbox: boolean } };

/** Names of the form's fields: `confirm` must be `yes`; `comment` is at most 2,000 characters. */
export const DECISION_FORM = {
  confirm: "confirm",
  confirmValue: "yes",
  comment: "comment",
  commentMax: COMMENT_CHARS_MAX,
} as const;

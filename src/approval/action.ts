/**
 * What follows from a request's action: the digest that binds a decision to it, and what the outcome tells of it. The arguments
 * that are approved are those of the request; nothing else may be run.
 */
import { canonicalHash } from "../lib/canonical-hash.ts";
import { isSameJson } from "../lib/canonical-json.ts";
import type { Action } from "./action-schema.ts";
import type { Outcome } from "./approval.ts";
import { actionsOf, approvedItems } from "./items.ts";
import type { ApprovalRequest } from "./schema.ts";

/** What an outcome tells of the action. */
export interface OutcomeAction {
  /** SHA-256, in hexadecimal, of what was asked: see {@link digestOf}. */
  readonly digest: string;
  /** What the action may be run with. Absent unless the approval was approved, of items, and of a standing approval. */
  readonly arguments?: Arguments;
  /** What the asker had proposed, if an approver has changed it. */
  readonly proposed?: Arguments;
  /** Of a request with items: those that may be run. Absent unless the approval was approved. */
  readonly items?: readonly OutcomeItem[];
}

interface OutcomeItem {
  /** Its place in the request, from 1. */
  readonly n: number;
  readonly arguments: Arguments;
  readonly proposed?: Arguments;
}

type Arguments = NonNullable<Action["arguments"]>;

/** The part of an approval's terms that the digest binds. */
export interface ActionTerms {
  /** The approval's id. */
  readonly approval: string;
  /** In milliseconds since 1970. */
  readonly startedAtMs: number;
  /** The first deadline. */
  readonly deadlineAtMs: number;
}

/**
 * SHA-256, in hexadecimal, of the action, the rule, the people, the nonce and the deadline in the form of RFC 8785. Undefined for
 * a request without an action. `docs/actions.md` has an example to compute it by.
 */
export function digestOf(request: ApprovalRequest, terms: ActionTerms): string | undefined {
  return actionsOf(request).length === 0 ? undefined : canonicalHash(bound(request, terms));
}

/** What the digest is made of. Members that are undefined are left out of it. */
function bound(request: ApprovalRequest, { approval, startedAtMs, deadlineAtMs }: ActionTerms) {
  const { action, items, atomic } = request;
  const { approvers, requester, require, rejection, onDeadline } = request;
  const { stages, escalateTo, replace, choices, fields, hours, undo, rounds, reassign } = request;
  return {
    v: 1,
    action: action && withoutSchema(action),
    items: items?.map(withoutSchema),
    atomic,
    rule: {
      require,
      rejection,
      onDeadline,
      stages,
      escalateTo,
      replace,
      choices,
      fields,
      hours,
      undo,
      rounds,
      reassign,
    },
    people: { approvers, requester },
    nonce: canonicalHash([approval, startedAtMs]),
    expires: new Date(deadlineAtMs).toISOString(),
  };
}

function withoutSchema(action: Action) {
  return { ...action, schema: undefined };
}

interface Asked {
  readonly proposed: ApprovalRequest;
  /** The same with what approvers have changed of it. */
  readonly approved: ApprovalRequest;
}

/** For the outcome: nothing where there is no action. */
export function outcomeAction(
  { proposed, approved }: Asked,
  terms: ActionTerms,
  { outcome, decisions }: Pick<Outcome, "outcome" | "decisions">,
): { readonly action?: OutcomeAction } {
  const digest = digestOf(approved, terms);
  if (digest === undefined) return {};
  if (outcome !== "approved") return { action: { digest } };
  const before = actionsOf(proposed);
  const told = actionsOf(approved).map((action, i) => toldOf(action, before[i]));
  // A standing approval has limits, which are in the request.
  const isStanding = approved.action?.standing !== undefined;
  if (approved.items === undefined) return { action: { digest, ...(isStanding ? {} : told[0]) } };
  const numbers = approvedItems(approved.items, decisions);
  const items = told.map((each, i) => ({ n: i + 1, ...each })).filter(({ n }) => numbers.includes(n));
  return { action: { digest, items } };
}

function toldOf({ arguments: approved = {} }: Action, before: Action | undefined) {
  const proposed = before?.arguments;
  const isEdited = proposed !== undefined && !isSameJson(proposed, approved);
  return { arguments: approved, ...(isEdited ? { proposed } : {}) };
}

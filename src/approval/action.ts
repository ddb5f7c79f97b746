/**
 * What follows from a request's action: the digest that binds a decision to it, and what the outcome tells of it. The arguments
 * that are approved are those of the request; nothing else may be run.
 */
import { canonicalHash } from "../lib/canonical-hash.ts";
import type { Action } from "./action-schema.ts";
import type { ApprovalRequest } from "./schema.ts";

/** What an outcome tells of the action. */
export interface OutcomeAction {
  /** SHA-256, in hexadecimal, of what was asked: see {@link digestOf}. */
  readonly digest: string;
  /** What the action may be run with. Absent unless the approval was approved. */
  readonly arguments?: Action["arguments"];
}

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
  const { action } = request;
  return action === undefined ? undefined : canonicalHash(bound(request, action, terms));
}

/** What the digest is made of. */
function bound(
  request: ApprovalRequest,
  action: Action,
  { approval, startedAtMs, deadlineAtMs }: ActionTerms,
) {
  const { tool, arguments: given, target, audience, reversible, validFor } = action;
  const { approvers, requester, require, rejection, onDeadline } = request;
  const { stages, escalateTo, replace, choices, fields, hours, undo, rounds, reassign } = request;
  return {
    v: 1,
    action: { tool, arguments: given, target, audience, reversible, validFor },
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

/** For the outcome: nothing where there is no action. */
export function outcomeAction(
  request: ApprovalRequest,
  terms: ActionTerms,
  isApproved: boolean,
): { readonly action?: OutcomeAction } {
  const digest = digestOf(request, terms);
  if (digest === undefined || request.action === undefined) return {};
  return { action: { digest, ...(isApproved ? { arguments: request.action.arguments } : {}) } };
}

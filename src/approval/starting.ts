/** How an approval's workflow is called: the same by the API, the command line and other workflows. */
import { type AwayAt, awayAmong } from "./absence.ts";
import type { ApprovalRequest, Person, Terms } from "./approval.ts";
import { openingAsks } from "./evaluate/asks.ts";
import { OPENING } from "./evaluate/look.ts";
import { APPROVAL_SLACK_MS } from "./request.ts";
import { ruleOf } from "./rule.ts";
import { APPROVAL_LIFE_MS } from "./scheduled.ts";

/**
 * Raised when requests mean more than the workflow before understood. A worker that is older hands the call back to the
 * others of its group.
 */
export const APPROVAL_VERSION = 2;

/** Those of the first stage, whether or not they are away. */
export function firstPeople(request: ApprovalRequest): Person[] {
  return openingAsks(ruleOf(request), OPENING).map(({ person }) => person);
}

/** Its terms, with those who are away then: who is asked first is settled when an approval starts. */
export function termsWith(
  { value, terms }: { readonly value: ApprovalRequest; readonly terms: Terms },
  awayAt: AwayAt,
): Terms {
  const away = awayAmong(firstPeople(value), awayAt);
  return away === undefined ? terms : { ...terms, away };
}

/** The call of an approval that starts now. */
export function approvalCall(request: ApprovalRequest, terms: Terms) {
  return {
    func: "approval",
    args: [request, terms],
    version: APPROVAL_VERSION,
    /** Its promises outlive its deadline, which can be moved. */
    timeoutAt: terms.startedAtMs + APPROVAL_LIFE_MS + APPROVAL_SLACK_MS,
  } as const;
}

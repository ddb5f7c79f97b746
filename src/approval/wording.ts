import type { ApprovalRequest, Choice } from "./approval.ts";

/** The policy of an approval in words, alike on pages and in mails. */

type Policy = Pick<ApprovalRequest, "approvers" | "require" | "rejection">;

/** How many approvals are needed, for instance `2 of 3 approvals`. */
export function requirementText(policy: Policy): string {
  const asked = policy.approvers.length;
  const needed = approvalsNeeded(policy);
  if (asked === 1) return "Your decision alone";
  if (needed === asked) return `All ${asked} approvals`;
  return needed === 1 ? `Any 1 of ${asked} people asked` : `${needed} of ${asked} approvals`;
}

/** What one more answer of this kind does, as a sentence. */
export function consequenceText(choice: Choice, policy: Policy): string {
  const asked = policy.approvers.length;
  const needed = choice === "approve" ? approvalsNeeded(policy) : rejectionsNeeded(policy);
  const done = choice === "approve" ? "approved" : "rejected";
  if (needed === 1) {
    return asked === 1
      ? `The request is then ${done}.`
      : `One ${choice === "approve" ? "approval" : "rejection"} is enough: the request is then ${done}.`;
  }
  const who = needed === asked ? `all ${asked} people asked` : `${needed} of the ${asked} people asked`;
  return `The request is ${done} once ${who} have ${done} it.`;
}

function approvalsNeeded({ approvers, require }: Policy): number {
  if (require === "any") return 1;
  return require === "all" ? approvers.length : require;
}

/** With `majority`, the request is lost when those who have not rejected are too few to approve it. */
function rejectionsNeeded(policy: Policy): number {
  return policy.rejection === "veto" ? 1 : policy.approvers.length - approvalsNeeded(policy) + 1;
}

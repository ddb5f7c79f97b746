import type { Choice } from "./approval.ts";
import { type Rules, tally } from "./policy.ts";

/** The rules of an approval in words, alike on pages and in mails. */

/** How many approvals are needed, for instance `2 of 3 approvals`. */
export function requirementText(rules: Rules): string {
  const { eligible, needed } = tally(rules, []);
  if (eligible === 1) return "Your decision alone";
  if (needed === eligible) return `All ${eligible} approvals`;
  return needed === 1 ? `Any 1 of ${eligible} people asked` : `${needed} of ${eligible} approvals`;
}

/** What one more answer of this kind does, as a sentence. */
export function consequenceText(choice: Choice, rules: Rules): string {
  const { eligible } = tally(rules, []);
  const enough = enoughOf(choice, rules);
  const done = choice === "approve" ? "approved" : "rejected";
  if (eligible === 1) return `Your answer alone decides: the request is then ${done}.`;
  if (enough === 1) {
    return `One ${choice === "approve" ? "approval" : "rejection"} is enough: the request is then ${done}.`;
  }
  const who =
    enough === eligible ? `all ${eligible} people asked` : `${enough} of the ${eligible} people asked`;
  return `The request is ${done} once ${who} have ${done} it.`;
}

/** How many answers of one kind settle the request. */
export function enoughOf(choice: Choice, rules: Rules): number {
  const { eligible, needed } = tally(rules, []);
  if (choice === "approve") return needed;
  // With `majority`, the request is lost when those who have not rejected are too few to approve it.
  return rules.rejection === "veto" ? 1 : eligible - needed + 1;
}

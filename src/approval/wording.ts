import type { Messages } from "../lib/messages.ts";
import type { ApprovalRequest, PlainChoice } from "./approval.ts";
import { type Rules, tally } from "./policy.ts";

/** The rules of an approval in words, alike on pages and in mails. */

/** How many approvals are needed, for instance `2 of 3 approvals`. */
export function requirementText(rules: Rules, messages: Messages): string {
  const { eligible, needed } = tally(rules, []);
  if (eligible === 1) return messages.text("rule.alone");
  if (needed === eligible) return messages.text("rule.all", { eligible });
  return needed === 1
    ? messages.text("rule.any", { eligible })
    : messages.text("rule.some", { needed, eligible });
}

/** What one more answer of this kind does, as a sentence. */
export function consequenceText(choice: PlainChoice, rules: Rules, messages: Messages): string {
  const { eligible } = tally(rules, []);
  const enough = enoughOf(choice, rules);
  const keys = CONSEQUENCES[choice];
  if (eligible === 1) return messages.text(keys.alone);
  if (enough === 1) return messages.text(keys.one);
  return enough === eligible
    ? messages.text(keys.all, { eligible })
    : messages.text(keys.some, { enough, eligible });
}

const CONSEQUENCES = {
  approve: { alone: "approve.alone", one: "approve.one", all: "approve.all", some: "approve.some" },
  reject: { alone: "reject.alone", one: "reject.one", all: "reject.all", some: "reject.some" },
} as const;

/** What the deadline does, as a sentence. */
export function afterDeadlineText(
  { onDeadline }: Pick<ApprovalRequest, "onDeadline">,
  messages: Messages,
): string {
  return messages.text(AFTER_DEADLINE[onDeadline]);
}

const AFTER_DEADLINE = {
  expire: "deadline.expire",
  reject: "deadline.reject",
  approve: "deadline.approve",
  escalate: "deadline.escalate",
} as const;

/** How many answers of one kind settle the request. */
export function enoughOf(choice: PlainChoice, rules: Rules): number {
  const { eligible, needed } = tally(rules, []);
  if (choice === "approve") return needed;
  // With `majority`, the request is lost when those who have not rejected are too few to approve it.
  return rules.rejection === "veto" ? 1 : eligible - needed + 1;
}

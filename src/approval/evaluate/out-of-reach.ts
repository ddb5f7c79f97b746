import { type Count, groupsNeeded, isLastStage } from "./count.ts";
import type { OutOfReach } from "./evaluation.ts";

/** Groups that too few are left for; none if the stage can do without them, or if others are asked or silence counts later. */
export function outOfReach(count: Count): OutOfReach[] {
  const { rule, look, stage } = count;
  const { groups, onDeadline, escalateTo } = stage;
  const mayConsent = onDeadline === "approve" || (isLastStage(count) && rule.onDeadline === "approve");
  if (mayConsent || look.state.escalations < escalateTo.length) return [];
  const lost = groups.flatMap(({ name }, index): OutOfReach[] => {
    const { approvals = 0, needed = 0, expected = [] } = count.groups[index] ?? {};
    if (approvals + expected.length >= needed) return [];
    return [{ ...(name === undefined ? {} : { group: name }), needed: needed - approvals, people: expected }];
  });
  return groups.length - lost.length < groupsNeeded(count) ? lost : [];
}

import type { ApprovalRequest } from "../../../approval/approval.ts";
import { ruleOf } from "../../../approval/rule.ts";
import { consequenceText, peopleText, shareOf } from "../../../approval/wording.ts";
import type { Messages } from "../../../lib/messages.ts";

/** The rule of a request: who is asked in which order, how many must approve, and what else happens by itself. */
export function ruleRows(request: ApprovalRequest, messages: Messages) {
  const { stages, rounds } = ruleOf(request);
  const { reminders, undo, reassign } = request;
  const rows = stages.map((stage, i) => {
    const groups = stage.groups.map((_, group) => group);
    const { groups: shares } = shareOf(request, { stage: i, groups }, messages);
    const texts = stage.groups.map(({ name, approvers }, group) => {
      const of = peopleText(approvers, messages);
      return `${name === undefined ? "" : `${name}: `}${shares[group]?.text ?? ""} (${of})`;
    });
    const escalations = stage.escalateTo.map((people) => `then also ${peopleText(people, messages)}`);
    return {
      label:
        stages.length === 1
          ? "Who must approve"
          : `Stage ${i + 1}${stage.name === undefined ? "" : `: ${stage.name}`}`,
      value: [...texts, ...escalations].join("; "),
    };
  });
  return [
    ...rows,
    { label: "A rejection", value: consequenceText("reject", request, messages) },
    ...(reminders === undefined ? [] : [{ label: "Reminders", value: remindersText(reminders) }]),
    ...(undo === undefined ? [] : [{ label: "Answers can be taken back for", value: undo }]),
    ...(rounds === 1 ? [] : [{ label: "Rounds", value: `up to ${rounds}` }]),
    ...(reassign === false ? [{ label: "Passing on", value: "not by the people who are asked" }] : []),
  ];
}

function remindersText({ after, every, max }: NonNullable<ApprovalRequest["reminders"]>): string {
  if (after !== undefined) return `after ${after.join(", ")}`;
  return `every ${every ?? ""}${max === undefined ? "" : `, at most ${max}`}`;
}

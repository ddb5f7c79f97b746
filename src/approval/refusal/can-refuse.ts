import type { ApprovalRequest } from "../approval.ts";
import { actionsOf } from "../items.ts";

/** Whether pages offer to refuse it in advance. @param program that began it, as `programThatBegan` has it */
export function canRefuseInAdvance(
  program: string | undefined,
  request: Pick<ApprovalRequest, "action" | "items">,
): program is string {
  return program !== undefined && actionsOf(request).length > 0;
}

/** Why nobody is asked, in words and as a problem for programs. */
import type { ApprovalRequest } from "../../approval/approval.ts";
import { actionsOf } from "../../approval/items.ts";
import { refusalView } from "../../approval/refusal/refusal-view.ts";
import type { StandingRefusal } from "../../approval/refusal/standing-refusal.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { FoundRefusal } from "./refusals.ts";

export function refusalFailure(
  request: Pick<ApprovalRequest, "action" | "items">,
  { refusal, indexes }: FoundRefusal,
): ServiceError {
  const items = request.items === undefined ? {} : { items: indexes.map((i) => i + 1) };
  const view = refusalView(refusal, undefined, refusal.sinceMs);
  const tool = actionsOf(request)[indexes[0] ?? 0]?.tool;
  const message = `Cannot ask: ${tool} ${refusedText(refusal)}`;
  return new ServiceError("STANDING_REFUSAL", message, { more: { refusal: { ...view, ...items } } });
}

/** Without the names of people: it goes to logs, and to models. */
function refusedText({ approval, sinceMs, untilMs }: StandingRefusal): string {
  return `was rejected at ${iso(sinceMs)}, in approval "${approval}", and is not to be asked for again until ${iso(untilMs)}`;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

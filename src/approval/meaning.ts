/** Whether two requests mean the same approval, however each is written. */
import { canonicalJson } from "../lib/canonical-json.ts";
import type { Terms } from "./approval.ts";
import { parseDeadline } from "./deadline.ts";
import { type ApprovalRequest, meaningOf } from "./schema.ts";

/** A stored approval: its request, and when it was to end by that. */
export interface Standing {
  readonly request: ApprovalRequest;
  readonly terms: Pick<Terms, "deadlineAtMs">;
}

/**
 * The fields of `asked` that differ in meaning from those of the stored approval; none if it is the same.
 *
 * These mean the same: addresses that differ in case; text whose accents are composed differently; `"any"` and 1, `"all"`
 * and the number of approvers; `P7D` and `P1W`; an instant in any offset and precision; and a duration and the instant at
 * which the approval ends, as `GET /approvals/:id` shows it. Texts in metadata are compared character by character.
 */
export function differingFields(standing: Standing, asked: ApprovalRequest): string[] {
  const stored = comparable(standing.request);
  const other = comparable(asked);
  const names = new Set([...Object.keys(stored), ...Object.keys(other)]);
  const fields = [...names].filter((name) => canonicalJson([stored[name]]) !== canonicalJson([other[name]]));
  return isSameDeadline(standing, asked) ? fields : [...fields, "deadline"];
}

/** Without the deadline, which is compared by itself, with the instant that it came to. */
function comparable(request: ApprovalRequest): Readonly<Record<string, unknown>> {
  const { approvers, require } = request;
  return {
    ...meaningOf(request),
    // The default is to have none.
    ...(approvers.length === 0 ? { approvers: undefined } : {}),
    deadline: undefined,
    require: require === "any" ? 1 : require === "all" ? approvers.length : require,
  };
}

function isSameDeadline({ request, terms }: Standing, asked: ApprovalRequest): boolean {
  if (request.deadline === asked.deadline) return true;
  const stored = parseDeadline(request.deadline);
  const other = parseDeadline(asked.deadline);
  if (other?.kind === "duration") return stored?.kind === "duration" && stored.ms === other.ms;
  if (other === undefined) return false;
  return (
    other.epochMs === terms.deadlineAtMs || (stored?.kind === "instant" && stored.epochMs === other.epochMs)
  );
}

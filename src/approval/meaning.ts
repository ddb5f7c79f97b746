/** Whether two requests mean the same approval, however each is written. */
import { canonicalJson } from "../lib/canonical-json.ts";
import type { ApprovalRequest, Person } from "./approval.ts";
import { parseDeadline } from "./deadline.ts";
import { addressKey } from "./person.ts";
import { APPROVAL_SLACK_MS } from "./request.ts";

/** An approval that stands: what it was requested with, and when its root promise ends. */
export interface Standing {
  readonly request: ApprovalRequest;
  /** Milliseconds since 1970. */
  readonly timeoutAt: number;
}

/**
 * The fields of `asked` that mean something else than those of the approval that stands; none if it is the same.
 *
 * The same are: addresses in other letters; text whose accents are composed otherwise; `"any"` and 1, `"all"` and the
 * number of approvers; `P7D` and `P1W`; an instant in any offset and precision, and the instant at which the approval
 * ends, as `GET /approvals/:id` tells it, for the duration that it was requested with. Metadata is data: there, texts
 * are the same only character by character.
 */
export function differingFields(standing: Standing, asked: ApprovalRequest): string[] {
  const stored = meaningOf(standing.request);
  const other = meaningOf(asked);
  const names = new Set([...Object.keys(stored), ...Object.keys(other)]);
  const fields = [...names].filter((name) => canonicalJson([stored[name]]) !== canonicalJson([other[name]]));
  return isSameDeadline(standing, asked) ? fields : [...fields, "deadline"];
}

function meaningOf(request: ApprovalRequest): Readonly<Record<string, unknown>> {
  const { title, summary, details, requester, approvers, require } = request;
  return {
    ...request,
    // Compared by itself, with the instant that it came to.
    deadline: undefined,
    title: composed(title),
    summary: summary && composed(summary),
    details: details.map(({ label, value }) => [composed(label), composed(value)]),
    requester: requester && personMeant(requester),
    approvers: approvers.map(personMeant),
    require: require === "any" ? 1 : require === "all" ? approvers.length : require,
  };
}

function personMeant({ email, name, locale, timeZone }: Person): Person {
  return {
    email: addressKey(email),
    ...(name === undefined ? {} : { name: composed(name) }),
    ...(locale === undefined ? {} : { locale: locale.toLowerCase() }),
    ...(timeZone === undefined ? {} : { timeZone: timeZone.toLowerCase() }),
  };
}

/** Canonically equivalent texts look the same and mean the same (UAX #15). */
function composed(text: string): string {
  return text.normalize("NFC");
}

function isSameDeadline({ request, timeoutAt }: Standing, asked: ApprovalRequest): boolean {
  if (request.deadline === asked.deadline) return true;
  const stored = parseDeadline(request.deadline);
  const other = parseDeadline(asked.deadline);
  if (other?.kind === "duration") return stored?.kind === "duration" && stored.ms === other.ms;
  if (other === undefined) return false;
  return (
    other.epochMs === timeoutAt - APPROVAL_SLACK_MS ||
    (stored?.kind === "instant" && stored.epochMs === other.epochMs)
  );
}

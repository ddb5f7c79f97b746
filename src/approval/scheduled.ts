/** Approvals that a schedule starts. It cannot know when, so its call has no terms: they follow from when the promise ends. */
import type { ApprovalRequest, Terms } from "./approval.ts";
import { DEADLINE_MAX_MS } from "./deadline.ts";
import { APPROVAL_SLACK_MS } from "./request.ts";
import { untilDeadlineMs } from "./rule.ts";

/**
 * Of calls whose promise lives as long as that of any other approval, so that the deadline can be moved. With version 2, it
 * ended a day after the deadline. The workflow is the same. Since then there are occurrences of `PEOPLE_VERSION`.
 */
export const SCHEDULED_VERSION = 3;

/** Longest time between the start and the end of an approval, also when its deadline is extended or begins again. */
export const APPROVAL_LIFE_MS = DEADLINE_MAX_MS;

interface Started {
  readonly version: number;
  /** When the approval's promise ends, in milliseconds since 1970. */
  readonly timeoutAtMs: number;
}

export function scheduledTerms(request: ApprovalRequest, { version, timeoutAtMs }: Started): Terms {
  if (version >= SCHEDULED_VERSION) {
    const startedAtMs = timeoutAtMs - APPROVAL_SLACK_MS - APPROVAL_LIFE_MS;
    return { startedAtMs, deadlineAtMs: startedAtMs + untilDeadlineMs(request, startedAtMs) };
  }
  const deadlineAtMs = timeoutAtMs - APPROVAL_SLACK_MS;
  const { hours: _, ...rest } = request;
  // When that version started them, escalations were taken not to wait for working hours.
  return { startedAtMs: deadlineAtMs - untilDeadlineMs(rest, deadlineAtMs), deadlineAtMs };
}

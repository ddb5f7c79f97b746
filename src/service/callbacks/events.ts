/** The events of an approval's steps, in the order of time. */
import type { CountedDecision, MailResult, Verdict } from "../../approval/approval.ts";
import { type CallbackEvent, endEvent } from "../../approval/event.ts";

type Decisions = readonly CountedDecision[];

/** The answers that are new since the last judgement, and the end if it is one. */
export function eventsOfJudgement(
  approval: string,
  now: { readonly verdict: Verdict; readonly decisions: Decisions; readonly endedAtMs?: number | undefined },
  before: Decisions,
): CallbackEvent[] {
  const known = new Set(before.map(({ n }) => n));
  const answers = now.decisions
    .filter(({ n }) => !known.has(n))
    .map(
      ({ n, choice, at }): CallbackEvent => ({
        type: "ballot.decided",
        timestamp: at,
        data: { approval, ballot: n, choice },
      }),
    );
  if (now.verdict.kind !== "done") return answers;
  return [...answers, endEvent(approval, now.verdict.outcome, iso(now.endedAtMs ?? Date.now()))];
}

export function requestedEvent(approval: string, atMs: number): CallbackEvent {
  return { type: "approval.requested", timestamp: iso(atMs), data: { approval } };
}

/** The event for an approver who cannot be reached, if their mail is undeliverable. */
export function eventsOfMail(
  approval: string,
  { n, delivery }: MailResult,
  now: () => number,
): CallbackEvent[] {
  if (delivery.status !== "undeliverable") return [];
  return [{ type: "approval.delivery_failed", timestamp: iso(now()), data: { approval, ballot: n } }];
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

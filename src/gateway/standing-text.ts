import type { Choice, OutcomeKind } from "../approval/approval.ts";
import { consequenceText } from "../approval/wording.ts";
import type { AskedRequest, Standing } from "./page.ts";

/** What is told to somebody who meets a ballot that is settled: whether they settled it, or found it so. */
export interface StandingText {
  readonly headline: string;
  readonly explanation: string;
  readonly next: string;
  readonly tone: "approved" | "rejected" | "neutral";
  readonly icon: "approve" | "reject" | "clock" | "closed" | "info";
}

export interface Visit {
  readonly stands: Standing;
  /** The choice that the link is for. */
  readonly choice: Choice;
  /** `effective`: this press is the stored answer. `late`: it was pressed and did not count. `view`: only looked at. */
  readonly press: "effective" | "late" | "view";
  readonly request: AskedRequest;
}

export function standingText(visit: Visit): StandingText {
  const { stands } = visit;
  return stands.kind === "decided" ? decidedText(visit, stands.choice) : closedText(visit, stands.because);
}

function decidedText({ press, choice, request }: Visit, stored: Choice): StandingText {
  if (press === "effective") {
    return {
      headline: stored === "approve" ? "Your approval is recorded" : "Your rejection is recorded",
      explanation: consequenceText(stored, request),
      next: "You can close this page. Your answer stands and cannot be changed.",
      tone: DONE[stored],
      icon: stored,
    };
  }
  const next =
    "The answer stands and cannot be changed. If it is wrong, tell whoever asked for the decision.";
  if (press === "view") {
    return {
      headline: `Already ${DONE[stored]}`,
      explanation: "This question has been answered. There is nothing left to do here.",
      next,
      tone: "neutral",
      icon: "info",
    };
  }
  return {
    headline: stored === choice ? `It was already ${DONE[stored]}` : `Not recorded: already ${DONE[stored]}`,
    explanation:
      stored === choice
        ? "The same answer had been recorded before you pressed. Your press changed nothing."
        : `You pressed to ${choice}, but this question had been answered before. The first answer counts; yours was not recorded.`,
    next,
    tone: "neutral",
    icon: "info",
  };
}

function closedText({ press }: Visit, because: OutcomeKind): StandingText {
  const { headline, explanation } = CLOSED[because];
  return {
    headline: press === "late" ? `Not recorded: ${headline.toLowerCase()}` : headline,
    explanation: press === "late" ? `${explanation} Your press changed nothing.` : explanation,
    next: "There is nothing left to do here. If you disagree, tell whoever asked for the decision.",
    tone: "neutral",
    icon: because === "expired" ? "clock" : "closed",
  };
}

const DONE = { approve: "approved", reject: "rejected" } as const;

const CLOSED: Readonly<Record<OutcomeKind, { headline: string; explanation: string }>> = {
  approved: {
    headline: "The request is already approved",
    explanation: "Enough others have approved it, so your answer is no longer needed.",
  },
  rejected: {
    headline: "The request is already rejected",
    explanation: "It was rejected without your answer, which is no longer needed.",
  },
  expired: {
    headline: "The deadline has passed",
    explanation: "The time to answer is over.",
  },
  cancelled: {
    headline: "The request was cancelled",
    explanation: "The question was withdrawn before you answered it.",
  },
};

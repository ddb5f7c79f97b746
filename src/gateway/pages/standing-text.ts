import type { OutcomeKind, PlainChoice } from "../../approval/approval.ts";
import type { ClosedBecause } from "../../approval/standing.ts";
import { consequenceText } from "../../approval/wording.ts";
import { messagesFor } from "../../lib/messages.ts";
import type { AskedRequest, Standing } from "./page.ts";

/** What a person reads about a settled ballot, whether they settled it or found it settled. */
export interface StandingText {
  readonly headline: string;
  readonly explanation: string;
  readonly next: string;
  readonly tone: "approved" | "rejected" | "neutral";
  readonly icon: "approve" | "reject" | "clock" | "closed" | "info";
}

type Decided = Extract<Standing, { kind: "decided" }>;
type Closed = Extract<Standing, { kind: "closed" }>;

export interface Visit {
  readonly stands: Standing;
  /** The choice that the link is for. */
  readonly choice: PlainChoice;
  /** `effective`: this press is the stored answer. `late`: it was pressed and did not count. `view`: only looked at. */
  readonly press: "effective" | "late" | "view";
  readonly request: AskedRequest;
}

export function standingText(visit: Visit): StandingText {
  const { stands } = visit;
  return stands.kind === "decided" ? decidedText(visit, stands) : closedText(visit, stands);
}

function decidedText({ press, choice, request }: Visit, stands: Decided): StandingText {
  const { outcome } = stands;
  const stored = stands.choice;
  if (press === "effective") {
    return {
      headline: stored === "approve" ? "Your approval is recorded" : "Your rejection is recorded",
      explanation:
        outcome === undefined ? consequenceText(stored, request, messagesFor()) : endText(stored, outcome),
      next: "You can close this page. Your answer is final.",
      tone: DONE[stored],
      icon: stored,
    };
  }
  const next = "The answer is final. If it is wrong, tell the person who asked for it.";
  const became = outcome === undefined ? "" : ` ${endText(stored, outcome)}`;
  if (press === "view") {
    return {
      headline: `Answered: ${DONE[stored]}`,
      explanation: `This question has been answered, and there is nothing left to do here.${became}`,
      next,
      tone: "neutral",
      icon: "info",
    };
  }
  return {
    headline: stored === choice ? `It was already ${DONE[stored]}` : `Not recorded: already ${DONE[stored]}`,
    explanation:
      stored === choice
        ? `The same answer was already recorded when you pressed. Your press changed nothing.${became}`
        : `You pressed to ${choice}, but this question was already answered. The first answer counts; yours was not recorded.${became}`,
    next,
    tone: "neutral",
    icon: "info",
  };
}

function closedText({ press }: Visit, { because, outcome }: Closed): StandingText {
  const { headline, explanation } = CLOSED[because];
  // The deadline closes a question; what the request counts as then is another matter.
  const became = outcome === undefined || outcome === because ? "" : ` ${OUTCOME[outcome]}`;
  const changed = press === "late" ? " Your press changed nothing." : "";
  return {
    headline: press === "late" ? `Not recorded: ${headline.toLowerCase()}` : headline,
    explanation: `${explanation}${became}${changed}`,
    next: "There is nothing left to do here. If you disagree, tell the person who asked for it.",
    tone: "neutral",
    icon: because === "expired" ? "clock" : "closed",
  };
}

const DONE = { approve: "approved", reject: "rejected" } as const;

/** How the request ended, for a person who may have answered otherwise. */
function endText(own: PlainChoice, outcome: OutcomeKind): string {
  const isOverruled = own === "approve" ? outcome === "rejected" : outcome === "approved";
  return isOverruled ? `${OUTCOME[outcome]} Others decided otherwise.` : OUTCOME[outcome];
}

const OUTCOME: Readonly<Record<OutcomeKind, string>> = {
  approved: "The request is approved.",
  rejected: "The request is rejected.",
  expired: "The request has expired.",
  cancelled: "The request was cancelled.",
};

const CLOSED: Readonly<Record<ClosedBecause, { headline: string; explanation: string }>> = {
  approved: {
    headline: "The request is already approved",
    explanation: "Enough others have approved it, so your answer is no longer needed.",
  },
  rejected: {
    headline: "The request is already rejected",
    explanation: "It was rejected before you answered, so your answer is no longer needed.",
  },
  expired: {
    headline: "The deadline has passed",
    explanation: "The time to answer is over.",
  },
  cancelled: {
    headline: "The request was cancelled",
    explanation: "The question was withdrawn before you answered it.",
  },
  reassigned: {
    headline: "The question was handed on",
    explanation: "Somebody else answers it now.",
  },
  recused: {
    headline: "You take no part in this request",
    explanation: "You said that you do not answer it.",
  },
  reissued: {
    headline: "This link was replaced",
    explanation: "Open the link in the newest mail about the request.",
  },
  undone: {
    headline: "The answer was taken back",
    explanation: "Open the link in the newest mail about the request to answer again.",
  },
  "stage-done": {
    headline: "Your answer is no longer needed",
    explanation: "Others have decided this stage, and the request goes on.",
  },
  escalated: {
    headline: "The time to answer is over",
    explanation: "Other people were asked instead.",
  },
  "changes-requested": {
    headline: "Changes were requested",
    explanation: "The request goes back to the person who asked.",
  },
  "round-over": {
    headline: "The request was changed",
    explanation: "Open the link in the newest mail about the request.",
  },
  closing: {
    headline: "The request is being closed",
    explanation:
      "Your answer is no longer needed. Open this page again in a moment to see how the request ended.",
  },
};

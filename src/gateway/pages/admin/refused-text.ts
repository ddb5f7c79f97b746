/** Why an act of an operator was not done, in the words of the pages: those for programs speak of their fields. */
import type { BallotStanding, ClosedBecause } from "../../../approval/standing.ts";
import { dateText } from "../../../lib/date-text.ts";
import type { Refusal } from "../../../service/approvals/act.ts";

/** What came first, as the end of a sentence. */
export function cameFirstText(standing: BallotStanding): string {
  switch (standing.kind) {
    case "open":
      return "another act came first";
    case "decided":
      return "they have answered";
    case "closed":
      return CLOSED[standing.because];
    default:
      return standing satisfies never;
  }
}

const CLOSED = {
  approved: "the approval has ended as approved",
  rejected: "the approval has ended as rejected",
  expired: "the approval has ended as expired",
  cancelled: "the approval has ended as cancelled",
  closing: "the approval is ending",
  reassigned: "the question was passed on to somebody else",
  recused: "they take no part any more",
  reissued: "they were sent new links",
  undone: "the answer was taken back, and they are asked again",
  "stage-done": "their stage was decided without them",
  escalated: "others were asked in their place",
  "changes-requested": "changes were requested",
  "round-over": "the question was changed",
} as const satisfies Record<ClosedBecause, string>;

/** In place of those that name settings of a request. */
export const ADMIN_REFUSALS: Partial<Readonly<Record<Refusal, string>>> = {
  "no-rounds": "the question has been changed as often as the request allows",
};

export function adminTime(ms: number): string {
  return dateText(ms).local;
}

/** What became of one press, for the page that tells its result. */
import { decisionOf } from "../../approval/stored.ts";
import type { Question } from "../../service/approvals/question.ts";
import { isExpired } from "../pages/asked.ts";
import type { Standing } from "../pages/pages.ts";

/** Whether the press of that nonce wrote the stored answer, even if the answer was taken back later. */
export function isEffective(nonce: string, { standing, ballot, course }: Question): boolean {
  if (standing.kind === "decided") return standing.decision.nonce === nonce;
  if (standing.kind === "open" || standing.because !== "undone") return false;
  const record = course.ballots.find((each) => each.ballot.n === ballot.n)?.record;
  return record !== undefined && decisionOf(record)?.nonce === nonce;
}

/** @param pressed value of the choice */
export function resultStatus(stands: Standing, pressed: string, effective: boolean): number {
  if (isExpired(stands)) return 410;
  if (effective) return 200;
  return stands.kind === "decided" && stands.answer.value === pressed ? 200 : 409;
}

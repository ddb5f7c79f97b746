/**
 * The rule applied to what was seen of an approval: what it comes to, and what is to be done next. One function for the
 * worker, the API, pages, mails and rehearsals. It is pure: it reads no clock and no setting that is not passed in.
 *
 * E1 One person counts once in a stage: their first answer fills each group that they are in. The requester never counts.
 * E2 An answer that can be taken back counts when that time is over, or when the deadline or its stage's time comes before.
 *    No cancellation makes answers final that could be taken back: if it is recorded before the verdict is, the approval is
 *    cancelled, whatever was answered.
 * E3 Of answers that were seen together, a veto comes before a request for changes, and that before approvals: "no" is
 *    the safer mistake. Answers that decide come before a deadline or a cancellation seen at the same moment (but see E2). But after a
 *    change of the question they decide nothing: no verdict may stand on content that its answers did not see.
 * E4 Answers after the end, or after the time of their stage, do not count.
 * E5 A stage opens when the stage before it is done. What was answered in one stage is not counted in another.
 * E6 Someone who recuses themselves leaves the count as if never named. If the rule can then not be met any more, the stage
 *    escalates where it can. If nobody is left to answer, or by `majority`, the approval is rejected; otherwise it stays open for
 *    its deadline. If too few are left who can be expected to answer, for this or another reason, that is news once.
 * E7 With `replace`, an escalation closes the open ballots, and their people leave the count: the new people are asked in
 *    their place. If an entry names nobody who can be asked, the ballots stay.
 * E8 A request without stages has one deadline, which can be moved. So when its chain is at its end, only that ends it.
 */
import { byAbsence, waiting } from "./evaluate/by-absence.ts";
import { byAnswers } from "./evaluate/by-answers.ts";
import { byEnd, nextRound, whileRevising } from "./evaluate/by-end.ts";
import { byStageTime } from "./evaluate/by-stage-time.ts";
import { countOf } from "./evaluate/count.ts";
import type { Evaluation } from "./evaluate/evaluation.ts";
import type { Look, Settings } from "./evaluate/look.ts";
import type { Rule } from "./rule.ts";

/** What comes first, decides. */
export function evaluate(rule: Rule, look: Look, settings: Settings): Evaluation {
  const { state, end } = look;
  const count = countOf(rule, look, settings);
  if (end.kind === "changed") return nextRound(count, end);
  if (end.kind === "cancelled" && rule.undoMs > 0) return byEnd(count, end);
  if (state.phase === "revising") return whileRevising(count);
  const answered = byAnswers(count);
  if (answered !== undefined) return answered;
  if (end.kind === "cancelled" || end.kind === "deadline") return byEnd(count, end);
  return byStageTime(count) ?? byAbsence(count) ?? waiting(count);
}

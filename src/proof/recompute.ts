/**
 * How an approval ends by its rule, its answers and their times, computed again by the evaluation that the product itself uses
 * (`approval/evaluate.ts`), and compared with what was recorded.
 */
import type { Outcome } from "../approval/approval.ts";
import { type Course, evaluationOf } from "../approval/course.ts";
import { OPENING, type State } from "../approval/evaluate/look.ts";
import { standingRefusal } from "../approval/refusal/standing-refusal.ts";
import { closedOf, decisionOf, judgementOf, outcomeOf, type StoredRecord } from "../approval/stored.ts";
import { statusOf } from "../approval/view.ts";
import type { Why } from "../approval/why.ts";
import { isSameJson } from "../lib/canonical-json.ts";

export interface Recomputed {
  /** What was computed and is as recorded, in a sentence each. */
  readonly agreed: readonly string[];
  /** What is not. */
  readonly wrong: readonly string[];
  /** What could not be computed, and why. */
  readonly open: readonly string[];
}

/** @param children of the course, in their order */
export function recompute(course: Course, children: readonly StoredRecord[]): Recomputed {
  const outcome = outcomeOf(course.root);
  const { status } = statusOf(course.root);
  if (status === "pending") return only("wrong", "The approval has not ended");
  if (outcome === undefined) return only("open", `No worker has judged the approval: it counts as ${status}`);
  if (course.call.version === 1) {
    return only(
      "open",
      "The approval ran in version 1 of the workflow, whose judgements are not computed again",
    );
  }
  const stages = stagesOf(course, children);
  const verdict = verdictOf(course, outcome);
  const answers = answersOf(course, outcome, stages.counted);
  const parts = [stages, verdict, answers, refusalIn(course.root)];
  return {
    agreed: parts.flatMap(({ agreed }) => agreed),
    wrong: parts.flatMap(({ wrong }) => wrong),
    open: parts.flatMap(({ open }) => open),
  };
}

/** Silence counts where it is said to have counted: whether the settings of then allowed it is not on record. */
const SILENCE = { mayApproveByDeadline: true, everybodyMailed: true };
const SILENCE_IS_OPEN =
  "Silence counted as approval. Whether the operator's settings allowed it, and everybody's mail went out, is not in the evidence";

function verdictOf(course: Course, outcome: Outcome): Recomputed {
  const { end } = course;
  if (end === undefined) return only("wrong", "There is an outcome, and no end");
  const isSilent = outcome.why !== undefined && "isConsent" in outcome.why;
  const atMs = end.settledAt ?? end.timeoutAt;
  const { verdict, counted } = evaluationOf(course, atMs, isSilent ? SILENCE : undefined);
  const came = verdict.kind === "done" ? verdict.outcome : "no outcome";
  if (verdict.kind !== "done" || verdict.outcome !== outcome.outcome) {
    return only("wrong", `The rule and the answers come to ${came}, and ${outcome.outcome} is recorded`);
  }
  const wrong: string[] = [];
  const closed = closedOf(end);
  if (closed !== undefined && closed.outcome !== outcome.outcome)
    wrong.push(`The end records ${closed.outcome}, and the outcome is ${outcome.outcome}`);
  if (outcome.why !== undefined && !isSameJson(told(verdict.why), told(outcome.why)))
    wrong.push("The rule gives another explanation than the outcome");
  if (verdict.reason !== outcome.reason) wrong.push("The rule gives another reason than the outcome");
  // Those of the last stage; `answersOf` looks at the stages before.
  const last = new Set(
    course.ballots.filter((each) => isOf(each, course.state)).map(({ ballot }) => ballot.n),
  );
  const recorded = outcome.decisions.map(({ n }) => n).filter((n) => last.has(n));
  if (recorded.join() !== counted.join()) wrong.push("Other answers count by the rule than the outcome has");
  const sentence = `The rule, the answers and their times come to ${outcome.outcome}: ${outcome.reason}`;
  return { agreed: wrong.length === 0 ? [sentence] : [], wrong, open: isSilent ? [SILENCE_IS_OPEN] : [] };
}

/** While changes are waited for, the workflow counts nobody; of the ballots of the round, this would count all. */
function told(why: Why | undefined): Why | undefined {
  if (why === undefined || !("isRevising" in why)) return why;
  const { progress: _, ...others } = why;
  return others as Why;
}

interface Stages extends Recomputed {
  /** Numbers of the ballots whose answers count in the stages before the last one of the round. */
  readonly counted: readonly number[];
}

/** That each stage was done before the next one opened. */
function stagesOf(course: Course, children: readonly StoredRecord[]): Stages {
  const judgements = children.flatMap((child) => judgementOf(child) ?? []);
  let counted: number[] = [];
  const agreed: string[] = [];
  const wrong: string[] = [];
  const open: string[] = [];
  let before: State = OPENING;
  for (const { state, atMs } of judgements) {
    if (state.round !== before.round) counted = [];
    else if (state.stage > before.stage) {
      // Nothing has ended the approval by then, or the stage would not have opened.
      const then: Course = { ...course, state: before, end: undefined, deadlineAtMs: atMs + 1 };
      const isSilent = course.rule.stages[before.stage]?.onDeadline === "approve";
      const came = evaluationOf(then, atMs, isSilent ? SILENCE : undefined);
      const stage = `Stage ${before.stage + 1}${state.round === 1 ? "" : ` of round ${state.round}`}`;
      if (came.verdict.kind === "wait" && came.state.stage === state.stage)
        agreed.push(`${stage} was done by its answers`);
      else wrong.push(`${stage} was not done when the next one opened`);
      if (isSilent) open.push(`${stage}: ${SILENCE_IS_OPEN}`);
      counted.push(...came.counted);
    }
    before = state;
  }
  return { agreed, wrong, open, counted };
}

/**
 * That the answers in the outcome are those on the ballots, and those of the stages before are all there.
 *
 * @param before numbers of the ballots that count in the stages before
 */
function answersOf(course: Course, { decisions }: Outcome, before: readonly number[]): Recomputed {
  const { ballots, rule, state } = course;
  const isOfLast = new Set(ballots.filter((each) => isOf(each, state)).map(({ ballot }) => ballot.n));
  const earlier = decisions.map(({ n }) => n).filter((n) => !isOfLast.has(n));
  const others =
    inOrder(earlier) === inOrder(before)
      ? []
      : ["Other answers of the stages before count by the rule than the outcome has"];
  const differing = decisions.flatMap((counted) => {
    const { n, email, at, stage: _, signedInBy, doNotAsk, ...said } = counted;
    const found = ballots.find(({ ballot }) => ballot.n === n);
    const decision = found && decisionOf(found.record);
    if (found === undefined || decision === undefined)
      return [`The outcome counts ballot ${n}, which has no answer`];
    const {
      kind: __,
      by,
      nonce: ___,
      contentHash: ____,
      signedInBy: signedIn,
      doNotAsk: spared,
      ...given
    } = decision;
    // Outcomes that a worker of an earlier version has written do not have them.
    const isSameDoor = signedInBy === undefined || signedInBy === signedIn;
    const isSameRefusal = doNotAsk === undefined || isSameJson(doNotAsk, spared);
    const isSame =
      isSameJson(said, given) &&
      isSameDoor &&
      isSameRefusal &&
      email === by &&
      Date.parse(at) === found.record.settledAt;
    if (!isSame) return [`The outcome has another answer for ballot ${n} than the ballot`];
    return rule.requester === rule.whoIs(by) ? [`The requester's own answer on ballot ${n} counts`] : [];
  });
  const wrong = [...differing, ...others];
  const many =
    decisions.length === 1 ? "1 answer counts, and is" : `${decisions.length} answers count, and are`;
  return { agreed: wrong.length === 0 ? [`${many} as on the ballots`] : [], wrong, open: [] };
}

/** Whether what was rejected is not to be asked again follows from the answers alone; that it was revoked, its receipt says. */
function refusalIn(root: StoredRecord): Recomputed {
  const refusal = standingRefusal(root);
  if (refusal === undefined) return { agreed: [], wrong: [], open: [] };
  const until = new Date(refusal.untilMs).toISOString();
  return only(
    "agreed",
    `All who rejected it said not to be asked again, for what they name, until ${until} at the latest`,
  );
}

function inOrder(numbers: readonly number[]): string {
  return numbers.toSorted((a, b) => a - b).join();
}

function isOf(
  { ballot: { stage = 0, round = 1 } }: Course["ballots"][number],
  state: Pick<State, "stage" | "round">,
): boolean {
  return stage === state.stage && round === state.round;
}

function only(part: keyof Recomputed, sentence: string): Recomputed {
  return { agreed: [], wrong: [], open: [], [part]: [sentence] };
}

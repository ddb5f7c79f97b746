/** Whether hashes in the evidence are those of what it says was shown. */
import { type ActionTerms, digestOf } from "../approval/action.ts";
import { contentOf } from "../approval/content.ts";
import type { Course } from "../approval/course.ts";
import { decisionOf, outcomeOf } from "../approval/stored.ts";
import { canonicalHash } from "../lib/canonical-hash.ts";
import { isSameJson } from "../lib/canonical-json.ts";
import { contentIn } from "./receipt.ts";

export function contentProblems(course: Course): string[] {
  return course.ballots.flatMap(({ ballot: { n, round, contentHash }, record }) => {
    if (contentHash === undefined) return [];
    const shown = canonicalHash(contentOf(contentIn(course, round)));
    const answered = decisionOf(record)?.contentHash ?? contentHash;
    return shown === contentHash && shown === answered
      ? []
      : [`Ballot ${n} has another hash than the content that was asked about`];
  });
}

/** Of an approval whose request has an action. */
export function digestProblems(course: Course): string[] {
  const { call, root, ballots } = course;
  const { startedAtMs, deadlineAtMs } = call.terms;
  const terms: ActionTerms = { approval: root.id, startedAtMs, deadlineAtMs };
  const digest = digestOf(call.request, terms);
  const outcome = outcomeOf(root)?.action;
  const approved = outcome?.arguments;
  return [
    ...ballots.flatMap(({ ballot }) =>
      ballot.digest === digest
        ? []
        : [`Ballot ${ballot.n} has another digest than the action that was asked about`],
    ),
    ...(outcome === undefined || outcome.digest === digest
      ? []
      : ["The outcome has another digest than the action that was asked about"]),
    ...(approved === undefined || isSameJson(approved, call.request.action?.arguments)
      ? []
      : ["The outcome has other arguments than the action that was asked about"]),
  ];
}

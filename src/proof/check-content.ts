/** Whether hashes in the evidence are those of what it says was asked. */
import { type ActionTerms, digestOf, outcomeAction } from "../approval/action.ts";
import { contentOf } from "../approval/content.ts";
import type { Course } from "../approval/course.ts";
import { decisionOf, outcomeOf } from "../approval/stored.ts";
import { canonicalHash } from "../lib/canonical-hash.ts";
import { isSameJson } from "../lib/canonical-json.ts";
import { requestIn } from "./receipt.ts";

/** How many ballots have no hash of what was shown: earlier versions stored none. */
export function unhashedIn({ ballots }: Course): number {
  return ballots.filter(({ ballot }) => ballot.contentHash === undefined).length;
}

export function contentProblems(course: Course): string[] {
  return course.ballots.flatMap(({ ballot: { n, round, contentHash }, record }) => {
    if (contentHash === undefined) return [];
    const shown = canonicalHash(contentOf(requestIn(course, round)));
    const answered = decisionOf(record)?.contentHash ?? contentHash;
    return shown === contentHash && shown === answered
      ? []
      : [`Ballot ${n} has another hash than the content that was asked about`];
  });
}

/** Of an approval whose request has an action, or several. */
export function digestProblems(course: Course): string[] {
  const { call, root, ballots, request } = course;
  const { startedAtMs, deadlineAtMs } = call.terms;
  const terms: ActionTerms = { approval: root.id, startedAtMs, deadlineAtMs };
  const outcome = outcomeOf(root);
  const asked = { proposed: call.request, approved: request };
  const expected = outcome && outcomeAction(asked, terms, outcome).action;
  return [
    ...ballots.flatMap(({ ballot: { n, round, digest } }) =>
      digest === digestOf(requestIn(course, round), terms)
        ? []
        : [`Ballot ${n} has another digest than the action that was asked about`],
    ),
    ...(outcome === undefined || isSameJson(outcome.action, expected)
      ? []
      : ["The outcome tells of another action than the one that was asked about"]),
  ];
}

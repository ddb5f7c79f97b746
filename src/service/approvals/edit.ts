/**
 * An approver changes arguments that the action's schema marks: the round ends, and everybody of the first stage is asked
 * about the changed action.
 */
import type { Change, Content } from "../../approval/approval.ts";
import { contentOf } from "../../approval/content.ts";
import { type Edit, edited } from "../../approval/editing.ts";
import { addressKey } from "../../approval/person.ts";
import { ruleOf } from "../../approval/rule.ts";
import { standingIn } from "../../approval/standing.ts";
import { changeOf } from "../../approval/stored.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import type { FieldProblem } from "../../lib/errors.ts";
import type { Acted, ActOptions, Actor } from "./act.ts";
import { actOf } from "./ballot-acts.ts";
import { settleOpenEnd } from "./end-acts.ts";
import { readCourse } from "./question.ts";

export interface EditOptions extends Actor {
  readonly edits: readonly Edit[];
  /** What was changed, or why, for those who are asked again. */
  readonly note?: string | undefined;
}

export type EditActed =
  | Acted<object>
  | {
      readonly kind: "wrong";
      readonly problems: readonly FieldProblem[];
      /** Which item they are about. */
      readonly item: number | undefined;
    };

/** The ballot of the approver who edits must be open. */
export async function editArguments(
  options: ActOptions,
  { approval, n }: { readonly approval: string; readonly n: number },
  { edits, note, ...actor }: EditOptions,
): Promise<EditActed> {
  const course = await readCourse(options.durable, approval);
  const ballot = course?.ballots.find((each) => each.ballot.n === n)?.ballot;
  if (course === undefined || ballot === undefined) return { kind: "unknown" };
  const { email } = ballot.approver;
  // A person acts on what is theirs; a program, in the approver's place.
  if (actor.by !== undefined && addressKey(actor.by) !== addressKey(email)) {
    return { kind: "refused", why: "not-theirs", course };
  }
  const before = contentOf(course.request);
  const held = edited(before, edits);
  if (!held.ok) return { kind: "wrong", problems: held.problems, item: held.item };
  const { content } = held;
  const value: Change = {
    kind: "changed",
    content,
    ...(note === undefined ? {} : { note }),
    ...actOf({ ...actor, by: email }),
  };
  return await settleOpenEnd(options, approval, actor, {
    value,
    stored: changeOf,
    // What others have changed since is no part of it.
    isSame: (earlier) => earlier.note === note && isEditOf(earlier.content, edits),
    refused: (now) => {
      if (standingIn(now, n).kind !== "open") return "not-open";
      if (now.state.round >= ruleOf(now.call.request).rounds) return "no-rounds";
      // Somebody else changed it meanwhile, and this would take that back unseen.
      if (!isSameJson(contentOf(now.request), before)) return "under-way";
      return isSameJson(content, before) ? "unedited" : undefined;
    },
  });
}

/** Whether the edits change nothing of it. */
function isEditOf(content: Content, edits: readonly Edit[]): boolean {
  const again = edited(content, edits);
  return again.ok && isSameJson(again.content, content);
}

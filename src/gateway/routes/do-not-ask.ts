/** That a form rejects an action and says not to be asked again: its places are taken before the answer is stored. */
import { programThatBegan } from "../../approval/creator.ts";
import { canRefuseInAdvance } from "../../approval/refusal/can-refuse.ts";
import type { DoNotAsk } from "../../approval/refusal/do-not-ask.ts";
import type { Durable } from "../../durable/durable.ts";
import type { Question } from "../../service/approvals/question.ts";
import { sparedBy } from "../../service/approvals/refusals.ts";
import type { DecisionForm } from "../pages/decision-form.ts";
import type { Rejected } from "../pages/page.ts";

/**
 * Nothing where the page offers no such choice, whatever the form says.
 *
 * @param ask reads the question; only where the form says it
 */
export async function doNotAskByForm(
  options: { readonly durable: Durable; readonly clock: () => number },
  { choice, comment = "", fields, doNotAsk }: Extract<DecisionForm, { readonly ok: true }>,
  ask: () => Promise<Question>,
): Promise<{ readonly doNotAsk?: DoNotAsk } | { readonly rejected: Rejected }> {
  if (doNotAsk === undefined) return {};
  const question = await ask();
  // Who comes too late is told how it ended.
  if (question.standing.kind !== "open") return {};
  const { course, request } = question;
  if (!canRefuseInAdvance(programThatBegan(course.root.tags), request)) return {};
  const spared = await sparedBy(options, question, { effect: choice.effect, doNotAsk });
  if (spared.ok) return spared.doNotAsk === undefined ? {} : { doNotAsk: spared.doNotAsk };
  const written = Object.entries(fields ?? {}).map(([name, value]) => [name, String(value)] as const);
  const problem = { kind: "doNotAskFull" } as const;
  return { rejected: { problem, comment, fields: new Map(written), fieldProblems: [], doNotAsk } };
}

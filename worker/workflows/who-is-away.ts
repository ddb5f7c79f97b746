/** The step that settles who is asked when a schedule starts an approval; otherwise its terms say so. */
import type { Context } from "@resonatehq/sdk";
import { type AwayPeople, awayAmong } from "../../src/approval/absence.ts";
import type { ApprovalRequest } from "../../src/approval/approval.ts";
import { openingAsks } from "../../src/approval/evaluate/asks.ts";
import { OPENING } from "../../src/approval/evaluate/look.ts";
import { ruleOf } from "../../src/approval/rule.ts";
import { NO_KNOWN_PEOPLE } from "../../src/approval/same-person.ts";
import type { StartStep } from "../../src/approval/start-step.ts";
import { PEOPLE_VERSION, settledAtStart } from "../../src/approval/starting.ts";
import { productServices } from "../runtime/services.ts";

/** @param version of the workflow: before that of `PEOPLE_VERSION`, it knew no people with several addresses */
export async function who_is_away(
  ctx: Context,
  request: ApprovalRequest,
  version: number,
): Promise<AwayPeople | StartStep> {
  const { absences, now, known = NO_KNOWN_PEOPLE } = productServices(ctx);
  const awayAt = await absences.awayAt(now());
  if (version >= PEOPLE_VERSION) return { kind: "start", ...settledAtStart(request, { awayAt, known }) };
  const first = openingAsks(ruleOf(request), OPENING).map(({ person }) => person);
  return awayAmong(first, awayAt) ?? {};
}

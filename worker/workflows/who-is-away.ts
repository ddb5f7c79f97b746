/** The step that settles who is away when a schedule starts an approval; otherwise its terms say so. */
import type { Context } from "@resonatehq/sdk";
import { type AwayPeople, awayAmong } from "../../src/approval/absence.ts";
import type { ApprovalRequest } from "../../src/approval/approval.ts";
import { firstPeople } from "../../src/approval/starting.ts";
import { productServices } from "../runtime/services.ts";

export async function who_is_away(ctx: Context, request: ApprovalRequest): Promise<AwayPeople> {
  const { absences, now } = productServices(ctx);
  return awayAmong(firstPeople(request), await absences.awayAt(now())) ?? {};
}

/** The workflow of a use of a standing approval that people are told of: it orders a mail to each of them. */
import type { Context } from "@resonatehq/sdk";
import { type GrantedStanding, grantedStanding } from "../../src/approval/limits/granted.ts";
import { toldAfter, UNUSED, type Used } from "../../src/approval/limits/use.ts";
import {
  type StandingUse,
  type StandingUseEnd,
  slotIn,
  standingUseIn,
} from "../../src/approval/limits/use-record.ts";
import type { Says } from "../../src/approval/notice.ts";
import { addressKey } from "../../src/approval/person.ts";
import { callOf } from "../../src/approval/stored.ts";
import { useId } from "../../src/approval/use.ts";
import type { LastResult } from "../../src/durable/step-record.ts";
import { orderNotices } from "../../src/service/approvals/order-notices.ts";
import { type ProductServices, productServices } from "../runtime/services.ts";
import { lastingStored } from "../runtime/step-options.ts";
import { read } from "./records.ts";

/** @param approval the approval's id, which the id of the use begins with */
export function* standing_use(
  ctx: Context,
  input: unknown,
  approval: unknown,
): Generator<unknown, StandingUseEnd> {
  const use = standingUseIn(input);
  if (use === undefined || typeof approval !== "string") {
    throw new TypeError("Cannot tell of it: the argument is no use of a standing approval");
  }
  const told = (yield* ctx.run(order_mails, { use, approval }, lastingStored(ctx, "unless-last"))) as {
    readonly mails: number;
  };
  return { kind: "standing-use-end", mails: told.mails };
}

/** A step that runs again orders the same mails, which are then there already. */
async function order_mails(
  ctx: Context,
  { use, approval }: { readonly use: StandingUse; readonly approval: string },
): Promise<LastResult & { readonly mails: number }> {
  const svc = productServices(ctx);
  const root = await read(svc, approval);
  const granted = grantedStanding(root);
  const call = callOf(root);
  if (granted === undefined || call === undefined) return { mails: 0, isLast: true };
  const { standing, untilMs, grantedBy } = granted;
  const before = use.n === 1 ? UNUSED : await usedAt(svc, { approval, n: use.n - 1, untilMs });
  if (before === undefined) return { mails: 0, isLast: true };
  const { requester } = call.request;
  const notices = toldAfter(standing, before, use.used).flatMap((told): Says[] => [
    ...onePerPerson(grantedBy).map(
      ({ n }): Says => ({ mail: "standing-used", n, first: n, slot: use.n, told }),
    ),
    ...(requester === undefined ? [] : [{ mail: "requester-standing-used", slot: use.n, told } as const]),
  ]);
  await orderNotices(svc, { approval, startedAtMs: call.terms.startedAtMs }, notices);
  return { mails: notices.length, isLast: true };
}

/**
 * Who answered in two stages is told once, for the first of their ballots. A run that is recorded keeps what its step has stored.
 * If the step of an earlier version broke off and runs again in this one, it orders some of the same mails, and no new ones.
 */
function onePerPerson(grantedBy: GrantedStanding["grantedBy"]): GrantedStanding["grantedBy"] {
  const keys = grantedBy.map(({ email }) => addressKey(email));
  return grantedBy.filter((_, i) => keys.indexOf(keys[i] ?? "") === i);
}

async function usedAt(
  svc: ProductServices,
  { approval, n, untilMs }: { readonly approval: string; readonly n: number; readonly untilMs: number },
): Promise<Used | undefined> {
  const slot = slotIn(await read(svc, useId(approval, n)), untilMs);
  return slot.kind === "use" ? slot.use.used : undefined;
}

/** `…/refusal`: what is not to be asked again. One of those who said so takes it back. */
import {
  mayRevokeRefusal,
  revocationIn,
  type StandingRefusal,
  standingRefusal,
} from "../../approval/refusal/standing-refusal.ts";
import { useId } from "../../approval/use.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { revokeRefusal } from "../../service/approvals/refusals.ts";
import { type Revocable, revokePageOf } from "./revoke-page.ts";

export const REFUSAL_PAGE: Revocable<StandingRefusal> = {
  find: ({ course }) => standingRefusal(course.root),
  mayRevoke: (refusal, { reader }) => mayRevokeRefusal(refusal, reader.email),
  revoke: revokeRefusal,
  async show(options, res, reached, shown) {
    const { found: refusal } = shown;
    const { status, data } = revokePageOf(options, reached, shown);
    options.pages.render(res, {
      status,
      view: "standingRefusal",
      data: {
        ...data,
        refusal,
        revoked: revocationIn(await options.durable.read(useId(refusal.approval, 1))),
        nowMs: knownTime(options),
        isTheirs: mayRevokeRefusal(refusal, reached.reader.email),
      },
    });
  },
};

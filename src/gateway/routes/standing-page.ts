/** `…/standing`: what became of a standing approval, for those who granted it and for the requester. */
import { type GrantedStanding, grantedStanding, mayRevoke } from "../../approval/limits/granted.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { readStandingUses, revokeStanding } from "../../service/approvals/standing-uses.ts";
import { type Revocable, revokePageOf } from "./revoke-page.ts";

export const STANDING_PAGE: Revocable<GrantedStanding> = {
  find({ course: { root }, reader }) {
    const granted = grantedStanding(root);
    return granted !== undefined && mayRevoke(root, granted, reader.email) ? granted : undefined;
  },
  revoke: revokeStanding,
  async show(options, res, reached, shown) {
    const { found: granted } = shown;
    const { status, data } = revokePageOf(options, reached, shown);
    options.pages.render(res, {
      status,
      view: "standingApproval",
      data: {
        ...data,
        granted,
        uses: await readStandingUses(options.durable, granted),
        nowMs: knownTime(options),
      },
    });
  },
};

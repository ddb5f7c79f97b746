/** `GET /r/:token`: the receipt, which shows the result of one press and can change nothing. */
import type { IRouter } from "express";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { readQuestion, withOutcome } from "../../service/approvals/question.ts";
import type { LinkTokens } from "../../tokens/tokens.ts";
import { gone } from "../http/gone.ts";
import { addRoute } from "../http/routes.ts";
import { askedOf, isExpired, standsOf } from "../pages/asked.ts";
import type { Pages, Standing } from "../pages/pages.ts";
import { refusedLink } from "./refused-link.ts";

export interface ReceiptRoutesOptions {
  readonly durable: Durable;
  readonly tokens: LinkTokens;
  readonly pages: Pages;
  readonly log: Logger;
  /** Milliseconds since 1970. Bounds how long a receipt can be viewed. */
  readonly clock: () => number;
  /** Aborted when the process is asked to stop: open waits are answered then. */
  readonly draining: AbortSignal;
}

/** The page is read from the stored promises after the press, never from the press (R3 in `decisions.ts`). */
export function addReceiptRoutes(
  router: IRouter,
  { durable, tokens, pages, log, clock, draining }: ReceiptRoutesOptions,
): void {
  addRoute(router, "/r/:token", {
    GET: async (req, res) => {
      const verified = tokens.verifyReceipt(String(req.params["token"]), clock());
      if (!verified.ok) throw refusedLink(log, res, verified.reason);
      const { pid, bornAtMs, choice, nonce } = verified.value;
      const found = await readQuestion(durable, pid);
      if (found === undefined) throw refusedLink(log, res, "no-ballot");
      if (found.bornAtMs !== bornAtMs) throw refusedLink(log, res, "other-birth");
      const question = await withOutcome(durable, found, AbortSignal.any([draining, gone(res)]));
      const stands = standsOf(question);
      // A receipt is only issued for a settled ballot. If this one is open, the store was restored to a time before it.
      if (stands === undefined)
        throw new ServiceError("CONFLICT", "This answer was not recorded: open your link again");
      const { standing } = question;
      const asked = askedOf(question, knownTime({ durable, clock }));
      const effective = standing.kind === "decided" && standing.decision.nonce === nonce;
      pages.render(res, {
        status: receiptStatus(stands, choice),
        view: "receipt",
        data: { ...asked, pressed: choice, stands, effective },
      });
    },
  });
}

function receiptStatus(stands: Standing, pressed: string): number {
  if (isExpired(stands)) return 410;
  return stands.kind === "decided" && stands.answer.value === pressed ? 200 : 409;
}

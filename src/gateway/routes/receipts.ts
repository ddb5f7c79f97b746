/**
 * `/r/:token`: the receipt, which shows the result of one press. `/r/:token/signed` is the same for strangers, signed.
 * `POST /r/:token/undo` takes that press's answer back while the request allows it. A receipt can do nothing else.
 */
import type { IRouter, Request, Response } from "express";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { decisionReceipt } from "../../proof/receipt.ts";
import { type Question, readQuestion, withOutcome } from "../../service/approvals/question.ts";
import type { LinkTokens, Receipt } from "../../tokens/tokens.ts";
import { gone } from "../http/gone.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { askedOf, standsOf } from "../pages/asked.ts";
import type { Pages } from "../pages/pages.ts";
import { linkWay, takeBack } from "./ballot-acts.ts";
import { isEffective, resultStatus } from "./pressed.ts";
import { type ReceiptFileOptions, sendReceiptFile } from "./receipt-file.ts";
import { refusedLink } from "./refused-link.ts";
import { undoPath } from "./show-standing.ts";

export interface ReceiptRoutesOptions extends ReceiptFileOptions {
  readonly durable: Durable;
  readonly tokens: LinkTokens;
  readonly pages: Pages;
  readonly log: Logger;
  /** Milliseconds since 1970. Bounds how long a receipt can be viewed. */
  readonly clock: () => number;
  /** 128 random bits in base64url: the name of one press. */
  readonly newNonce: () => string;
  /** Aborted when the process is asked to stop: open waits are answered then. */
  readonly draining: AbortSignal;
  readonly outcomeWaitMs?: number | undefined;
}

/** The page is read from the stored promises after the press, never from the press (R3 in `decisions.ts`). */
export function addReceiptRoutes(router: IRouter, options: ReceiptRoutesOptions): void {
  const { durable, pages, clock, draining } = options;
  addRoute(router, "/r/:token", {
    GET: async (req, res) => {
      const { receipt, found } = await readReceipt(options, req, res);
      const question = await withOutcome(durable, found, AbortSignal.any([draining, gone(res)]));
      const stands = standsOf(question);
      // A receipt is only issued for a settled ballot. If this one is open, the store was restored to a time before it.
      if (stands === undefined)
        throw new ServiceError("CONFLICT", "This answer was not recorded: open your link again");
      const nowMs = knownTime({ durable, clock });
      const asked = askedOf(question, nowMs);
      const effective = isEffective(receipt.nonce, question);
      const undo = effective ? undoPath(question, receiptPath(req), nowMs) : undefined;
      pages.render(res, {
        status: resultStatus(stands, receipt.choice, effective),
        view: "receipt",
        data: {
          ...asked,
          pressed: receipt.choice,
          stands,
          effective,
          ...(undo && { undo }),
          ...(isSigned(receipt, question) && { signed: `${receiptPath(req)}/signed` }),
        },
      });
    },
  });
  addRoute(router, "/r/:token/signed", {
    GET: async (req, res) => {
      const { receipt, found } = await readReceipt(options, req, res);
      const { ballot, course } = found;
      const claims = isSigned(receipt, found) ? decisionReceipt(course, ballot.n) : undefined;
      if (claims === undefined) throw new ServiceError("CONFLICT", "This answer does not stand");
      await sendReceiptFile(options, res, claims, [ballot.approval, ballot.n]);
    },
  });
  addRoute(router, "/r/:token/undo", {
    GET: async (req, res) => {
      await readReceipt(options, req, res);
      seeOther(res, receiptPath(req));
    },
    POST: async (req, res) => {
      const { receipt, found } = await readReceipt(options, req, res);
      const path = receiptPath(req);
      // The receipt of a press that did not count has nothing to take back.
      if (!isEffective(receipt.nonce, found)) return seeOther(res, path);
      await takeBack(options, req, res, { question: found, way: linkWay(found, path) });
    },
  });
}

/** The receipt in the address, and what it is about as stored now. */
async function readReceipt(
  { durable, tokens, log, clock }: ReceiptRoutesOptions,
  req: Request,
  res: Response,
): Promise<{ readonly receipt: Receipt; readonly found: Question }> {
  const verified = tokens.verifyReceipt(String(req.params["token"]), clock());
  if (!verified.ok) throw refusedLink(log, res, verified.reason);
  const { pid, bornAtMs } = verified.value;
  const found = await readQuestion(durable, pid);
  if (found === undefined) throw refusedLink(log, res, "no-ballot");
  if (found.bornAtMs !== bornAtMs) throw refusedLink(log, res, "other-birth");
  return { receipt: verified.value, found };
}

/** Whether the press gave the answer that stands. */
function isSigned(receipt: Receipt, question: Question): boolean {
  return isEffective(receipt.nonce, question) && question.standing.kind === "decided";
}

function receiptPath(req: Request): string {
  return `/r/${String(req.params["token"])}`;
}

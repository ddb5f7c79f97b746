/**
 * `/d/:token`: the decision page, where one press answers a ballot. It redirects to the receipt (`receipts.ts`).
 *
 * R1 Only a POST of the form, with its confirmation, by a good link settles anything. Every other request reads.
 * R2 A link is good if its signature and claims are, and the stored ballot is the one that it was made for: the same birth,
 *    person and generation. (Ids can be used again once old approvals are deleted.) Every bad link gets the same page.
 * R3 What a page says is read from the stored promises after the press, never from the press.
 */
import type { IRouter, Request, Response } from "express";
import type { Ballot, PlainChoice } from "../../approval/approval.ts";
import { decisionOf } from "../../approval/stored.ts";
import type { Durable } from "../../durable/durable.ts";
import type { Logger } from "../../lib/log.ts";
import { answerBallot } from "../../service/approvals/decide.ts";
import {
  type BallotAsked,
  type Question,
  readBallot,
  readQuestion,
} from "../../service/approvals/question.ts";
import type { Link, LinkTokens } from "../../tokens/tokens.ts";
import { audit } from "../http/audit.ts";
import { requestIdOf } from "../http/context.ts";
import { noCrossSitePresses } from "../http/guards.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { askedOf, isExpired, standsOf } from "../pages/asked.ts";
import { readDecisionForm } from "../pages/decision-form.ts";
import type { Pages } from "../pages/pages.ts";
import { refusedLink } from "./refused-link.ts";

export interface DecisionRoutesOptions {
  readonly durable: Durable;
  readonly tokens: LinkTokens;
  readonly pages: Pages;
  readonly log: Logger;
  /** Milliseconds since 1970. Bounds how long a page can be viewed; deadlines are for the engine's clock alone. */
  readonly clock: () => number;
  /** 128 random bits in base64url: the name of one press. */
  readonly newNonce: () => string;
}

export function addDecisionRoutes(router: IRouter, options: DecisionRoutesOptions): void {
  const { durable, tokens, pages, clock, newNonce } = options;

  // A press needs no cookie, only the link. But another site must not make its visitors press.
  router.use("/d", noCrossSitePresses);
  addRoute(router, "/d/:token", {
    GET: async (req, res) => {
      const link = verifiedLink(options, req, res);
      const question = genuine(options, res, { link, found: await readQuestion(durable, link.pid) });
      showQuestion(pages, res, question, link.choice);
    },
    POST: async (req, res) => {
      const link = verifiedLink(options, req, res);
      const { ballot, isOpen } = genuine(options, res, { link, found: await readBallot(durable, link.pid) });
      const form = await readDecisionForm(req, res);
      if (!form.ok) {
        const { problem, comment } = form;
        const question = genuine(options, res, { link, found: await readQuestion(durable, link.pid) });
        return showQuestion(pages, res, question, link.choice, { problem, ...(comment && { comment }) });
      }
      const nonce = newNonce();
      if (isOpen) await decide(options, res, { link, ballot, nonce, comment: form.comment });
      else auditPress(res, { link, ballot, nonce }, "too late");
      const receipt = tokens.issueReceipt({
        pid: link.pid,
        bornAtMs: link.bornAtMs,
        choice: link.choice,
        nonce,
        issuedAtMs: clock(),
        expiresAtMs: link.expiresAtMs,
      });
      // Not back to an address that can decide: a reload shows the receipt again and sends nothing.
      seeOther(res, `/r/${receipt}`);
    },
  });
}

/** The form while the question is open; otherwise how the ballot was settled. */
function showQuestion(
  pages: Pages,
  res: Response,
  question: Question,
  choice: PlainChoice,
  rejected?: { readonly problem: string; readonly comment?: string },
): void {
  const stands = standsOf(question.standing);
  const asked = askedOf(question);
  if (stands === undefined) {
    const status = rejected === undefined ? 200 : 422;
    pages.render(res, { status, view: "decide", data: { ...asked, choice, ...rejected } });
  } else {
    pages.render(res, {
      status: isExpired(stands) ? 410 : 200,
      view: "standing",
      data: { ...asked, choice, stands },
    });
  }
}

interface Press {
  readonly link: Link;
  readonly ballot: Ballot;
  readonly nonce: string;
  readonly comment: string | undefined;
}

/** Answers the ballot, unless another answer is recorded first. */
async function decide(
  options: DecisionRoutesOptions,
  res: Response,
  { link, ballot, nonce, comment }: Press,
): Promise<void> {
  const answer = { choice: link.choice, comment, door: "mail", nonce } as const;
  const record = await answerBallot(options.durable, link.pid, ballot, answer);
  const stored = record && decisionOf(record);
  const effective = stored?.nonce === nonce;
  auditPress(res, { link, ballot, nonce }, effective ? "stored" : "too late");
  options.log.info(
    {
      requestId: requestIdOf(res),
      approval: ballot.approval,
      ballot: ballot.n,
      choice: link.choice,
      effective,
    },
    "pressed",
  );
}

/** Also records presses that came too late: they are kept nowhere else. */
function auditPress(
  res: Response,
  { link, ballot, nonce }: Omit<Press, "comment">,
  outcome: "stored" | "too late",
): void {
  const { approval, recipient } = ballot;
  const who = `approver:${recipient}`;
  audit(res, { who, what: "decide", about: link.pid, approval, choice: link.choice, nonce, outcome });
}

/** The link in the address. */
function verifiedLink(options: DecisionRoutesOptions, req: Request, res: Response): Link {
  const verified = options.tokens.verifyLink(String(req.params["token"]), options.clock());
  if (!verified.ok) throw refusedLink(options.log, res, verified.reason);
  return verified.value;
}

/** The ballot or question that was found, if the link was made for it (R2). */
function genuine<Found extends Pick<BallotAsked, "ballot" | "bornAtMs">>(
  options: DecisionRoutesOptions,
  res: Response,
  { link, found }: { readonly link: Link; readonly found: Found | undefined },
): Found {
  if (found === undefined) throw refusedLink(options.log, res, "no-ballot");
  if (found.bornAtMs !== link.bornAtMs) throw refusedLink(options.log, res, "other-birth");
  if (found.ballot.recipient !== link.recipient) throw refusedLink(options.log, res, "other-recipient");
  if (found.ballot.gen !== link.gen) throw refusedLink(options.log, res, "other-generation");
  return found;
}

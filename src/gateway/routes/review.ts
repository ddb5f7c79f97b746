/**
 * What people meet: `/d/:token`, where one press answers a ballot, and `/r/:token`, which shows what a press led to.
 *
 * R1 Only a POST of the form, with its confirmation, by a good link settles anything. Every other request reads.
 * R2 A link is good if its signature and claims are, and the stored ballot is the one that it was made for, by birth,
 *    person and generation. Ids can be used again once old approvals are deleted. Every link that is not gets one and the same page.
 * R3 What a page says is read from the stored promises after the press, never from the press.
 */
import type { IRouter, Request, Response } from "express";
import type { Ballot, Choice } from "../../approval/approval.ts";
import { decisionOf } from "../../approval/stored.ts";
import type { Durable } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { answerBallot } from "../../service/approvals/decide.ts";
import {
  type BallotAsked,
  type Question,
  readBallot,
  readQuestion,
  withOutcome,
} from "../../service/approvals/question.ts";
import type { Link, LinkTokens } from "../../tokens/tokens.ts";
import { audit, noteRefusal } from "../http/audit.ts";
import { requestIdOf } from "../http/context.ts";
import { gone } from "../http/gone.ts";
import { noCrossSitePresses } from "../http/guards.ts";
import { addRoute } from "../http/routes.ts";
import { askedOf, standsOf } from "../pages/asked.ts";
import { readDecisionForm } from "../pages/decision-form.ts";
import type { Pages, Standing } from "../pages/pages.ts";

export interface ReviewRoutesOptions {
  readonly durable: Durable;
  readonly tokens: LinkTokens;
  readonly pages: Pages;
  readonly log: Logger;
  /** Milliseconds since 1970. Bounds how long a page can be viewed; deadlines are for the engine's clock alone. */
  readonly clock: () => number;
  /** 128 random bits in base64url: the name of one press. */
  readonly newNonce: () => string;
  /** Aborted when the process is asked to stop: open waits are answered then. */
  readonly draining: AbortSignal;
}

export function addReviewRoutes(router: IRouter, options: ReviewRoutesOptions): void {
  const { durable, tokens, pages, clock, newNonce } = options;

  // No cookie stands behind a press, only the link; but another site must not press for whoever it lures.
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
      res.redirect(303, `/r/${receipt}`);
    },
  });

  addRoute(router, "/r/:token", {
    GET: async (req, res) => {
      const verified = tokens.verifyReceipt(String(req.params["token"]), clock());
      if (!verified.ok) throw refused(options, res, verified.reason);
      const { pid, bornAtMs, choice, nonce } = verified.value;
      const found = await readQuestion(durable, pid);
      if (found === undefined) throw refused(options, res, "no-ballot");
      if (found.bornAtMs !== bornAtMs) throw refused(options, res, "other-birth");
      const question = await withOutcome(durable, found, AbortSignal.any([options.draining, gone(res)]));
      const stands = standsOf(question.standing);
      // Whoever has a receipt was told of a settled ballot: this one is from a time before it.
      if (stands === undefined)
        throw new ServiceError("CONFLICT", "This answer was not recorded: open your link again");
      const { standing } = question;
      const effective = standing.kind === "decided" && standing.decision.nonce === nonce;
      const status = receiptStatus(stands, choice);
      pages.render(res, {
        status,
        view: "receipt",
        data: { ...askedOf(question), choice, stands, effective },
      });
    },
  });
}

/** The form while the question is open, and else what stands. */
function showQuestion(
  pages: Pages,
  res: Response,
  question: Question,
  choice: Choice,
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

function receiptStatus(stands: Standing, choice: Choice): number {
  if (isExpired(stands)) return 410;
  return stands.kind === "decided" && stands.choice === choice ? 200 : 409;
}

function isExpired(stands: Standing): boolean {
  return stands.kind === "closed" && stands.because === "expired";
}

interface Press {
  readonly link: Link;
  readonly ballot: Ballot;
  readonly nonce: string;
  readonly comment: string | undefined;
}

/** Answers the ballot, unless somebody is faster. */
async function decide(
  options: ReviewRoutesOptions,
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

/** Presses that came too late, too: they are kept nowhere else. */
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
function verifiedLink(options: ReviewRoutesOptions, req: Request, res: Response): Link {
  const verified = options.tokens.verifyLink(String(req.params["token"]), options.clock());
  if (!verified.ok) throw refused(options, res, verified.reason);
  return verified.value;
}

/** What was found by a link, if it is what the link was made for (R2). */
function genuine<Found extends Pick<BallotAsked, "ballot" | "bornAtMs">>(
  options: ReviewRoutesOptions,
  res: Response,
  { link, found }: { readonly link: Link; readonly found: Found | undefined },
): Found {
  if (found === undefined) throw refused(options, res, "no-ballot");
  if (found.bornAtMs !== link.bornAtMs) throw refused(options, res, "other-birth");
  if (found.ballot.recipient !== link.recipient) throw refused(options, res, "other-recipient");
  if (found.ballot.gen !== link.gen) throw refused(options, res, "other-generation");
  return found;
}

/** The reason is for the log alone: outside, all refusals look the same. */
function refused({ log }: ReviewRoutesOptions, res: Response, reason: string): ServiceError {
  noteRefusal(res, `link: ${reason}`);
  log.info({ requestId: requestIdOf(res), reason }, "link refused");
  return new ServiceError("FORBIDDEN", "This link cannot be used");
}

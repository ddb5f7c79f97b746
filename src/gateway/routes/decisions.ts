/**
 * `/d/:token`: the decision page, where one press of a choice's button answers a ballot. It redirects to the receipt (`receipts.ts`).
 *
 * R1 Only a POST of the form, with its confirmation, by a good link settles anything. Every other request reads.
 * R2 The link must be good (`ballot-link.ts`).
 * R3 What a page says is read from the stored promises after the press, never from the press.
 */
import type { IRouter, Response } from "express";
import type { ApprovalRequest } from "../../approval/approval.ts";
import { separableItems } from "../../approval/items.ts";
import { choicesOf, offeredChoices } from "../../approval/rule.ts";
import type { ChoiceRule } from "../../approval/schema.ts";
import { VIEW_LINK } from "../../approval/view-link.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { createOpenings } from "../../service/approvals/openings.ts";
import { type Question, readBallot, readQuestion } from "../../service/approvals/question.ts";
import type { Link } from "../../tokens/tokens.ts";
import { openerOf } from "../http/opener.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { askedOf, standsOf } from "../pages/asked.ts";
import { readDecisionForm } from "../pages/decision-form.ts";
import type { Rejected } from "../pages/page.ts";
import type { Pages } from "../pages/pages.ts";
import { actPaths } from "./ballot-acts.ts";
import { type BallotLinkOptions, genuine, pathOf, verifiedLink } from "./ballot-link.ts";
import { doNotAskByForm } from "./do-not-ask.ts";
import { press } from "./press.ts";
import { refusedLink } from "./refused-link.ts";
import { showStanding } from "./show-standing.ts";

export interface DecisionRoutesOptions extends BallotLinkOptions {
  readonly durable: Durable;
  readonly pages: Pages;
  /** 128 random bits in base64url: the name of one press. */
  readonly newNonce: () => string;
}

export function addDecisionRoutes(router: IRouter, options: DecisionRoutesOptions): void {
  const { durable, tokens, clock, newNonce, log } = options;
  const openings = createOpenings(durable, (err) => log.debug({ err }, "cannot note that a link was opened"));

  // A press needs no cookie, only the link. But another site must not make its visitors press.
  addRoute(router, "/d/:token", {
    GET: async (req, res) => {
      const link = verifiedLink(options, req, res);
      const question = genuine(options, res, { link, found: await readQuestion(durable, link.pid) });
      const suggested = suggestedChoice(options, res, { link, request: question.request })?.value;
      openings.note(link, openerOf(req), link.expiresAtMs);
      showQuestion(options, res, question, { path: pathOf(req), suggested });
    },
    POST: async (req, res) => {
      const link = verifiedLink(options, req, res);
      const { ballot, isOpen } = genuine(options, res, { link, found: await readBallot(durable, link.pid) });
      const ask = async () => genuine(options, res, { link, found: await readQuestion(durable, link.pid) });
      // Only what the request has of its own must be read before the form can be.
      const request = ballot.custom === true ? (await ask()).request : undefined;
      const fallback = suggestedChoice(options, res, { link, request })?.value;
      const choices = request === undefined ? choicesOf({}) : offeredChoices(request, ballot.round ?? 1);
      const asked = { choices, fields: request?.fields, items: separableItems(request ?? {}), fallback };
      const form = await readDecisionForm(req, res, asked);
      if (!form.ok) {
        const { pressed, rejected } = form;
        const suggested = pressed?.value ?? fallback;
        return showQuestion(options, res, await ask(), { path: pathOf(req), suggested, rejected });
      }
      const { choice, comment, fields, except } = form;
      const spared = isOpen ? await doNotAskByForm(options, form, ask) : {};
      if ("rejected" in spared) {
        const { rejected } = spared;
        return showQuestion(options, res, await ask(), {
          path: pathOf(req),
          suggested: choice.value,
          rejected,
        });
      }
      const nonce = newNonce();
      const who = `approver:${ballot.recipient}`;
      const { pid } = link;
      await press(options, res, {
        pid,
        ballot,
        isOpen,
        nonce,
        choice,
        comment,
        fields,
        except,
        ...spared,
        door: "mail",
        who,
      });
      const receipt = tokens.issueReceipt({
        pid: link.pid,
        bornAtMs: link.bornAtMs,
        choice: choice.value,
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
  { durable, pages, clock }: DecisionRoutesOptions,
  res: Response,
  question: Question,
  {
    path,
    suggested,
    rejected,
  }: { readonly path: string; readonly suggested?: string | undefined; readonly rejected?: Rejected },
): void {
  const stands = standsOf(question);
  if (stands !== undefined) return showStanding({ durable, pages, clock }, res, { question, way: { path } });
  const asked = askedOf(question, knownTime({ durable, clock }));
  const form = { ...(suggested && { suggested }), ...(rejected && { rejected }) };
  // Approvals of an earlier version of the workflow take answers, and nothing else.
  const acts = question.course.call.version === 1 ? {} : { acts: actPaths(path, question) };
  pages.render(res, {
    status: rejected === undefined ? 200 : 422,
    view: "decide",
    data: { ...asked, ...form, ...acts },
  });
}

/** The choice that the link suggests; a link for one that there is not is bad. Without `request`, there are the plain two. */
function suggestedChoice(
  options: DecisionRoutesOptions,
  res: Response,
  { link, request }: { readonly link: Link; readonly request: ApprovalRequest | undefined },
): ChoiceRule | undefined {
  if (link.choice === VIEW_LINK) return undefined;
  const choice = choicesOf(request ?? {}).find(({ value }) => value === link.choice);
  // Mails have links for the plain two, also where the request has others: those suggest nothing then.
  if (choice === undefined && request?.choices === undefined)
    throw refusedLink(options.log, res, "no-choice");
  return choice;
}

/**
 * `/a/:token`: the pages of the person who asked, by their own signed link.
 *
 * A link is good if its signature and claims are, and the approval is the one that it was made for: there is a requester, and
 * it was born then. (Ids can be used again once old approvals are deleted.)
 */
import type { IRouter, Request, Response } from "express";
import type { Logger } from "../../lib/log.ts";
import { readCourse } from "../../service/approvals/question.ts";
import type { LinkTokens } from "../../tokens/tokens.ts";
import { noteApproval } from "../http/context.ts";
import { refusedLink } from "./refused-link.ts";
import { addRequestPages, type RequestPagesOptions } from "./request-pages.ts";
import type { Asked } from "./show-request.ts";

export interface RequesterRoutesOptions extends RequestPagesOptions {
  readonly tokens: LinkTokens;
  readonly log: Logger;
}

export function addRequesterRoutes(router: IRouter, options: RequesterRoutesOptions): void {
  addRequestPages(router, options, "/a/:token", (req, res) => askedBy(options, req, res));
}

/** The approval whose requester's link is in the address. */
async function askedBy(
  { durable, tokens, log, clock }: RequesterRoutesOptions,
  req: Request,
  res: Response,
): Promise<Asked> {
  const token = String(req.params["token"]);
  const verified = tokens.verifyRequesterLink(token, clock());
  if (!verified.ok) throw refusedLink(log, res, verified.reason);
  const { approval, bornAtMs, recipient } = verified.value;
  const course = await readCourse(durable, approval);
  if (course === undefined) throw refusedLink(log, res, "no-approval");
  if (course.root.createdAt !== bornAtMs) throw refusedLink(log, res, "other-birth");
  const { requester } = course.call.request;
  if (requester === undefined) throw refusedLink(log, res, "no-requester");
  noteApproval(res, approval);
  return { course, requester, way: { path: `/a/${token}`, door: "mail", who: `requester:${recipient}` } };
}

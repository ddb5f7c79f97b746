/**
 * What every page behind a decision link begins with.
 *
 * A link is good if its signature and claims are, and the stored ballot is the one that it was made for: the same birth,
 * person and generation. (Ids can be used again once old approvals are deleted.) Every bad link gets the same page.
 */
import type { Request, Response } from "express";
import type { Logger } from "../../lib/log.ts";
import type { BallotAsked } from "../../service/approvals/question.ts";
import type { Link, LinkTokens } from "../../tokens/tokens.ts";
import { refusedLink } from "./refused-link.ts";

export interface BallotLinkOptions {
  readonly tokens: LinkTokens;
  readonly log: Logger;
  /** Milliseconds since 1970. Bounds how long a page can be viewed; deadlines are for the engine's clock alone. */
  readonly clock: () => number;
}

/** The link in the address. */
export function verifiedLink({ tokens, log, clock }: BallotLinkOptions, req: Request, res: Response): Link {
  const verified = tokens.verifyLink(String(req.params["token"]), clock());
  if (!verified.ok) throw refusedLink(log, res, verified.reason);
  return verified.value;
}

/** The ballot or question that was found, if the link was made for it. */
export function genuine<Found extends Pick<BallotAsked, "ballot" | "bornAtMs">>(
  { log }: Pick<BallotLinkOptions, "log">,
  res: Response,
  { link, found }: { readonly link: Link; readonly found: Found | undefined },
): Found {
  if (found === undefined) throw refusedLink(log, res, "no-ballot");
  if (found.bornAtMs !== link.bornAtMs) throw refusedLink(log, res, "other-birth");
  if (found.ballot.recipient !== link.recipient) throw refusedLink(log, res, "other-recipient");
  if (found.ballot.gen !== link.gen) throw refusedLink(log, res, "other-generation");
  return found;
}

/** Path of the link's page. The token has only characters that addresses take as they are. */
export function pathOf(req: Request): string {
  return `/d/${String(req.params["token"])}`;
}

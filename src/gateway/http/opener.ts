/**
 * What seems to have sent a request for a page: a person's browser, or a program that looks at mails.
 *
 * A browser that opens a page for a person asks for a document by GET, accepts HTML, says which languages its person reads,
 * and says `navigate` (Fetch Metadata, over https and on the loopback). Programs that fetch ahead say so, or their name does.
 * A scanner that drives a whole browser looks like a person; nothing depends on the difference.
 */
import type { Request } from "express";
import type { Opener } from "../../approval/opening.ts";

export function openerOf({ method, headers }: Pick<Request, "method" | "headers">): Opener {
  const { accept = "", "accept-language": languages, "user-agent": agent = "" } = headers;
  const isAhead = AHEAD.some((name) => headers[name] !== undefined);
  const isNavigating =
    (headers["sec-fetch-mode"] ?? "navigate") === "navigate" &&
    (headers["sec-fetch-dest"] ?? "document") === "document";
  const isBrowser = agent.startsWith("Mozilla/") && !PROGRAMS.test(agent);
  const isReading = accept.includes("text/html") && languages !== undefined;
  return method === "GET" && isBrowser && isNavigating && isReading && !isAhead ? "person" : "scanner";
}

const AHEAD = ["purpose", "x-purpose", "sec-purpose", "x-moz", "x-ms-office-preview"] as const;
const PROGRAMS =
  /bot|crawl|spider|scan|preview|fetch|proxy|headless|proofpoint|mimecast|barracuda|safelinks|defense|protect|python|curl|java\//iu;

import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { ERRORS, ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { scrub } from "../../lib/scrub.ts";
import type { Pages } from "../pages/pages.ts";
import { requestIdOf } from "./context.ts";
import { publicDetail, sendProblem, tellWhenToRetry } from "./problem.ts";
import type { RateLimit } from "./rate-limit.ts";
import { refused } from "./refusals.ts";
import { asServiceError } from "./thrown.ts";

export const notFound: RequestHandler = (req) => {
  throw new ServiceError("NOT_FOUND", `Nothing exists at ${req.path.slice(0, 100)}`);
};

/** The last handler: every error becomes a problem for programs or a page for people, and shows nothing of our internals. */
export function errorHandler({
  log,
  pages,
  refusals,
}: {
  readonly log: Logger;
  readonly pages: Pages;
  /** Counts 401 and 403: who gets too many of them gets 429. */
  readonly refusals: RateLimit;
}): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (thrown: unknown, req, res, _next) => {
    const error = refused(asServiceError(thrown), { refusals, req, res });
    if (ERRORS[error.code].status >= 500) logFault(log, error, requestIdOf(res));
    if (res.headersSent) {
      // A part of the response is sent, so only a broken connection can show that it is incomplete.
      res.destroy();
    } else if (isForPeople(req)) {
      sendPage(res, error, pages);
    } else {
      sendProblem(res, error);
    }
  };
}

/** Writes down an error that is no refusal. */
export function logFault(log: Logger, error: ServiceError, requestId: string): void {
  const { code, message, cause } = error;
  // A fault of ours needs its stack. For other errors the message is enough, because an outage logs one for each request.
  if (code === "INTERNAL") log.error({ requestId, code, err: cause ?? error }, "request failed");
  else log.warn({ requestId, code, reason: message, cause: reasonOf(cause) }, "request failed");
}

function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? scrub(cause.message) : undefined;
}

function sendPage(res: Response, error: ServiceError, pages: Pages): void {
  const { status, title } = ERRORS[error.code];
  tellWhenToRetry(res, error.code);
  if (error.code === "FORBIDDEN" && !isForOperators(res.req)) {
    return pages.render(res, { status, view: "refused" });
  }
  if (error.code === "ENGINE_UNAVAILABLE") return pages.render(res, { status, view: "notRecorded" });
  const requestId = requestIdOf(res);
  pages.render(res, { status, view: "error", data: { title, message: publicDetail(error), requestId } });
}

/** Who is no bearer of a link is not told that a link is bad. */
function isForOperators({ path }: Request): boolean {
  return path === "/admin" || path.startsWith("/admin/");
}

/**
 * Signed links, the administration, the inbox and the mailbox are opened by people, whatever their software says; elsewhere
 * browsers ask for HTML.
 */
function isForPeople(req: Request): boolean {
  return /^\/(a|d|r|admin|inbox|mailbox)(\/|$)/.test(req.path) || req.accepts(["json", "html"]) === "html";
}

import type { Request, Response } from "express";
import { ERRORS, type ErrorCode, type ServiceError } from "../../lib/errors.ts";
import { problemSlug } from "../../openapi/problem-catalogue.ts";
import type { Problem } from "../../openapi/schemas.ts";
import { requestIdOf } from "./context.ts";

export function sendProblem(res: Response, error: ServiceError): void {
  const { status } = ERRORS[error.code];
  tellWhenToRetry(res, error.code);
  // The rest of a body that was not read would be taken for the next request. A short one is let pass and dropped:
  // closing while it comes in would lose the answer to a caller who sends before reading.
  if (error.code === "PAYLOAD_TOO_LARGE" || error.code === "UNSUPPORTED_MEDIA_TYPE" || isLong(res.req)) {
    res.set("Connection", "close");
  }
  const problem: Problem = {
    type: problemType(error.code),
    title: ERRORS[error.code].title,
    status,
    detail: publicDetail(error),
    instance: requestIdOf(res),
    ...(error.problems.length === 0 ? {} : { errors: [...error.problems] }),
    ...error.more,
    error: publicDetail(error),
  };
  res.status(status).type("application/problem+json").send(JSON.stringify(problem));
}

/** Whether more of the body may come than is worth reading from a caller who is refused. */
function isLong({ complete, headers }: Request): boolean {
  if (complete) return false;
  return (
    headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > DROPPED_BYTES_MAX
  );
}

/** The largest body that any route takes. */
const DROPPED_BYTES_MAX = 1024 * 1024;

/** For problems and pages alike. */
export function tellWhenToRetry(res: Response, code: ErrorCode): void {
  const { status, retryable } = ERRORS[code];
  if (retryable && status === 503) res.set("Retry-After", String(RETRY_AFTER_SECONDS));
}

export function problemType(code: ErrorCode): string {
  return `/problems/${problemSlug(code)}`;
}

/** What a caller may read: a refusal's own words, but of a fault only that it is one. */
export function publicDetail(error: ServiceError): string {
  switch (error.code) {
    case "INTERNAL":
      return "Something failed on our side; the log tells more under this request's id";
    case "ENGINE_UNAVAILABLE":
      return "The engine does not answer. Nothing that was acknowledged is lost; send the same request again in a moment";
    default:
      return error.message;
  }
}

/** An engine that restarts is back within a second or two. */
const RETRY_AFTER_SECONDS = 2;

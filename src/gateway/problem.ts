import type { Response } from "express";
import { ERRORS, type ErrorCode, type FieldProblem, type ServiceError } from "../lib/errors.ts";
import { requestIdOf } from "./context.ts";

/** The body of every refusal, by RFC 9457. */
interface Problem {
  /** Stable; resolves against this service's address. `docs/http.md` describes each. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The request's id, which is also in the log. */
  readonly instance: string;
  /** Every problem found in the input, when the input is at fault. */
  readonly errors?: readonly FieldProblem[];
  /** The same as `detail`, where clients of the generic API look for it. */
  readonly error: string;
}

export function sendProblem(res: Response, error: ServiceError): void {
  const { status } = ERRORS[error.code];
  tellWhenToRetry(res, error.code);
  // The rest of a body that was not read would be taken for the next request.
  if (error.code === "PAYLOAD_TOO_LARGE" || error.code === "UNSUPPORTED_MEDIA_TYPE")
    res.set("Connection", "close");
  const problem: Problem = {
    type: problemType(error.code),
    title: ERRORS[error.code].title,
    status,
    detail: publicDetail(error),
    instance: requestIdOf(res),
    ...(error.problems.length === 0 ? {} : { errors: error.problems }),
    error: publicDetail(error),
  };
  res.status(status).type("application/problem+json").send(JSON.stringify(problem));
}

/** For problems and pages alike. */
export function tellWhenToRetry(res: Response, code: ErrorCode): void {
  const { status, retryable } = ERRORS[code];
  if (retryable && status === 503) res.set("Retry-After", String(RETRY_AFTER_SECONDS));
}

export function problemType(code: ErrorCode): string {
  return `/problems/${code.toLowerCase().replaceAll("_", "-")}`;
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

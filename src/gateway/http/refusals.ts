/** Callers who are refused too often get 429. Refusals before that are in the audit record. */
import type { Request, Response } from "express";
import { callerAddress, networkOf } from "../../lib/caller-address.ts";
import { ServiceError } from "../../lib/errors.ts";
import { auditRefusal } from "./audit.ts";
import { callerOf } from "./auth.ts";
import { routeOf } from "./context.ts";
import type { RateLimit } from "./rate-limit.ts";

/** Counts an error that is a refusal (401, 403), and returns what the caller is told. */
export function refused(
  error: ServiceError,
  { refusals, req, res }: { readonly refusals: RateLimit; readonly req: Request; readonly res: Response },
): ServiceError {
  if (error.code !== "UNAUTHENTICATED" && error.code !== "FORBIDDEN") return error;
  const caller = callerOf(res);
  const address = networkOf(callerAddress(req));
  const seconds = refusals.count(caller === undefined ? [address] : [address, caller.id]);
  if (seconds === undefined) {
    // Bounded, as refusals are: a flood of bad links does not fill the disk.
    auditRefusal(res, error.code, routeOf(req));
    return error;
  }
  res.set("Retry-After", String(seconds));
  res.removeHeader("WWW-Authenticate");
  return new ServiceError("RATE_LIMITED", `Too many refused requests: wait ${seconds} seconds`);
}

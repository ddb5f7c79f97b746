/** What requests leave in the audit record: who did or tried what. The handlers report it. */
import type { Response } from "express";
import type { AuditEntry } from "../../lib/audit.ts";
import { stateOf } from "./request-state.ts";

/** `who`: default the caller, if known. */
export function audit(
  res: Response,
  { who, ...entry }: Omit<AuditEntry, "who"> & { readonly who?: string },
): void {
  const { audit: to, requestId, caller } = stateOf(res);
  to.record({
    requestId,
    who: who ?? caller?.id ?? "anyone",
    ...entry,
  } as AuditEntry);
}

/** Remembers why a request is refused, which the response does not say, and who it claimed to come from. */
export function noteRefusal(res: Response, reason: string, who?: string): void {
  stateOf(res).refusal = { reason, who };
}

/** Written by the last error handler, which knows who has been refused too often to be written down each time. */
export function auditRefusal(res: Response, code: string, route: string): void {
  const noted = stateOf(res).refusal;
  audit(res, {
    ...(noted?.who !== undefined && { who: noted.who }),
    what: "refused",
    route,
    outcome: noted?.reason ?? code.toLowerCase(),
  });
}

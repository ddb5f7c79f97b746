/** How the person or program that answered was known, as receipts name it. */
import type { Decision } from "../approval/approval.ts";
import { doerOf } from "../approval/doer.ts";
import { EVERYBODY } from "../lib/callers.ts";

export interface Authentication {
  /**
   * - `mail-link`: a signed link, which was mailed to the approver's address alone.
   * - `session-by-mail`, `session-by-passkey`: the approver was signed in to the inbox, by a mail to that address or a passkey.
   *   `session`: in one of these ways, which an earlier version did not record.
   * - `api-key`, `person-token`, `operator`, `command-line`, `webhook`: a program or an operator answered in the approver's
   *   place. `none`: a program, while the API needed no key.
   */
  readonly method:
    | "mail-link"
    | "session"
    | "session-by-mail"
    | "session-by-passkey"
    | "api-key"
    | "person-token"
    | "operator"
    | "command-line"
    | "webhook"
    | "none";
  /** The name of the API key, of the operator, or of the webhook's source. */
  readonly name?: string;
}

export function authenticationOf(decision: Decision): Authentication {
  const { door, signedInBy, caller } = decision;
  if (door === "mail") return { method: "mail-link" };
  if (door === "inbox") return { method: signedInBy === undefined ? "session" : `session-by-${signedInBy}` };
  if (door === "webhook") return { method: "webhook", ...(caller === undefined ? {} : { name: caller }) };
  const doer = doerOf(decision);
  if (doer?.kind === "key") return { method: "api-key", name: doer.name };
  if (doer?.kind === "operator") return { method: "operator", name: doer.name };
  if (doer?.kind === "command-line") return { method: "command-line" };
  return { method: doer === undefined || caller === EVERYBODY ? "none" : "person-token" };
}

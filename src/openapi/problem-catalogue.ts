/** What each refusal means and what to do about it: the pages at `/problems/…`, and `docs/problems.md`. */
import { ERRORS, type ErrorCode } from "../lib/errors.ts";
import {
  bytesText,
  countText,
  JSON_BODY,
  REFUSALS_PER_MINUTE,
  WAITERS_MAX,
  WEBHOOK_BODY_BYTES_MAX,
} from "./limits.ts";

export interface ProblemEntry {
  /** When the service answers with it. */
  readonly when: string;
  /** What the caller can do. */
  readonly remedy: string;
}

export const PROBLEM_CATALOGUE: Readonly<Record<ErrorCode, ProblemEntry>> = {
  INVALID_REQUEST: {
    when: `The service cannot read a parameter, a header or the body: it is malformed, has an unknown name, is not UTF-8, or is nested deeper than ${JSON_BODY.depthMax} levels.`,
    remedy: "Read `detail`, and `errors` if the answer has it, and correct the request.",
  },
  UNAUTHENTICATED: {
    when: "The request has no API key, or its key is unknown or revoked. For a webhook: the signature is missing, wrong or too old.",
    remedy:
      "Send the header `Authorization: Bearer` with the key. `countersign keys list` shows the valid keys. For a webhook, compare the secret and the clock.",
  },
  FORBIDDEN: {
    when: "The key is valid but does not have the scope that `WWW-Authenticate` names. Or a browser sent the request from another site. Or a decision link cannot be used.",
    remedy: "Create a key with that scope. For a new link, ask the person who requested the decision.",
  },
  NOT_APPROVED: {
    when: "An action was to be consumed that nobody has approved: its approval is pending, rejected or failed, or the item was struck out. `approvalStatus` says which.",
    remedy:
      "Do not run it. While the approval is pending, ask again later: its end is told by a callback, and by `GET /wait`.",
  },
  STANDING_REFUSAL: {
    when: "People have rejected this action and said not to be asked again, and that still holds. Nobody was asked. `refusal` names their approval, what they refused, and until when.",
    remedy:
      "Do not run it, and do not ask again before `refusal.until`. An operator, or another program with the scope `approvals:manage`, can revoke it earlier.",
  },
  NOT_FOUND: {
    when: "Nothing exists at this address or with this id.",
    remedy: "Compare the id with the one in the answer that created it.",
  },
  METHOD_NOT_ALLOWED: {
    when: "This address does not support the method.",
    remedy: "Use one of the methods in the header `Allow`.",
  },
  CONFLICT: {
    when: "The id already belongs to a call with different content. Or the change is no longer possible: you cannot cancel what has ended, or decide what is decided.",
    remedy: "Read what is stored. Use another id for a new request.",
  },
  ALREADY_CONSUMED: {
    when: "The action was consumed by another attempt: `use` says when, and by the key of which client. Or the uses of a standing approval, or its total, are used up: `limit` says which.",
    remedy:
      "Do not run it again. An executor that lost its own grant sends the same `attempt` with a key of the same client, and gets the same grant.",
  },
  NO_LONGER_VALID: {
    when: "The action can no longer be consumed: its approval expired, was cancelled or was revoked, or the time after the approval (`validFor`) is over.",
    remedy: "Do not run it. Request another approval.",
  },
  NOT_AS_APPROVED: {
    when: "The arguments or the audience are not those that were approved. `differences` names each place by JSON Pointer (RFC 6901); of a standing approval, `limit` names the limit that refuses.",
    remedy: "Do not run it. Send what was approved, or request another approval.",
  },
  PAYLOAD_TOO_LARGE: {
    when: `The body is larger than ${bytesText(JSON_BODY.bytesMax)} (for webhooks: ${bytesText(WEBHOOK_BODY_BYTES_MAX)}).`,
    remedy: "Store files elsewhere, and put a link into the request.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    when: "The body is not JSON in UTF-8, or it is compressed. On decision pages: the body is not a form.",
    remedy: "Send `Content-Type: application/json` and no `Content-Encoding`.",
  },
  MISDIRECTED: {
    when: "The request names a host that is not this service.",
    remedy: "Use the origin in `PUBLIC_URL`, and configure proxies to forward the `Host` header.",
  },
  INVALID_FIELDS: {
    when: "Fields of the body are wrong, missing or unknown.",
    remedy: "`errors` names every wrong field and says what would be right. Correct them all.",
  },
  RATE_LIMITED: {
    when: `The service refused more than ${REFUSALS_PER_MINUTE} requests of one key or one address with 401 or 403 within a minute; or too many people asked to sign in to the inbox.`,
    remedy:
      "Wait as long as `Retry-After` says, and find out why the requests were refused. Calls of the API that would succeed are never limited.",
  },
  INTERNAL: {
    when: "The service failed.",
    remedy:
      "Send the request again with the same id. If it fails again, give the operator the value of `instance`: the log has the cause under this id.",
  },
  ENGINE_UNAVAILABLE: {
    when: "The engine does not answer. The call may or may not have taken effect. Nothing that was acknowledged is lost.",
    remedy:
      "Send the request again after `Retry-After`, with the same id or `Idempotency-Key`. It takes effect once.",
  },
  INDEX_UNAVAILABLE: {
    when: "Approvals cannot be listed now: after an update the index is made again, which takes a moment; or making it failed; or its database is away; or this installation keeps no index. Everything else works.",
    remedy:
      "Send the request again after `Retry-After`. `detail` says how far the index is, or what the operator must do. Where no index is kept, that never helps.",
  },
  LOG_UNAVAILABLE: {
    when: "The log of events cannot be read: this installation keeps none, or has no key to sign its head, or could not write it. Everything else works.",
    remedy:
      "`detail` says which. After a fault, a restart of the engine begins it again; where no log is kept, a retry never helps.",
  },
  IDENTITY_UNAVAILABLE: {
    when: "The service cannot check the token, because the identity provider does not answer.",
    remedy: "Send the request again after `Retry-After`. API keys still work.",
  },
  SENDER_UNAVAILABLE: {
    when: "A webhook cannot be checked or confirmed, because its sender's own service does not answer.",
    remedy: "The sender tries again by itself.",
  },
  TOO_MANY_WAITERS: {
    when: `This gateway already holds ${countText(WAITERS_MAX)} waiting calls, or half as many of this client.`,
    remedy: "Ask without the header `Prefer`, or later.",
  },
};

export const PROBLEM_CODES = Object.keys(ERRORS) as readonly ErrorCode[];

/** The last part of the problem's `type`. */
export function problemSlug(code: ErrorCode): string {
  return code.toLowerCase().replaceAll("_", "-");
}

/** `docs/problems.md`, whole. */
export function problemsMarkdown(): string {
  const sections = PROBLEM_CODES.map((code) => {
    const { status, title, retryable } = ERRORS[code];
    const { when, remedy } = PROBLEM_CATALOGUE[code];
    const later = retryable
      ? "The same request may succeed later."
      : "The same request will not succeed later.";
    return `## ${problemSlug(code)}\n\n**${status} ${title}.** ${when}\n\n${remedy} ${later}\n`;
  });
  return `# Problems\n\nEvery refusal is a problem document (RFC 9457) with one of these types. The service shows the same text at the address in\n\`type\`, \`/problems/…\`. [HTTP](http.md#errors) describes the body.\n\n${sections.join("\n")}`;
}

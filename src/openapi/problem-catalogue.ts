/** What each refusal means and what to do about it: the pages at `/problems/…`, and `docs/problems.md`. */
import { ERRORS, type ErrorCode } from "../lib/errors.ts";

export interface ProblemEntry {
  /** When it is answered. */
  readonly when: string;
  /** What whoever gets it can do. */
  readonly remedy: string;
}

export const PROBLEM_CATALOGUE: Readonly<Record<ErrorCode, ProblemEntry>> = {
  INVALID_REQUEST: {
    when: "A parameter, a header or the body cannot be read: it is malformed, misspelt, not UTF-8, or nested deeper than 32 levels.",
    remedy:
      "Read `detail`, and `errors` where there is one, and mend the request. Sending the same again changes nothing.",
  },
  UNAUTHENTICATED: {
    when: "No key came with the request, or one that is not known or was revoked; or a webhook's signature is missing, wrong or too old.",
    remedy:
      "Send `Authorization: Bearer` and the key. `countersign keys list` shows which keys live. For a webhook, compare the secret, and the clock.",
  },
  FORBIDDEN: {
    when: "The key is good, but not for this: `WWW-Authenticate` names the scope that is missing. Or a browser sent the request from another site, or a decision link cannot be used.",
    remedy: "Make a key with the scope. Links are replaced by asking whoever sent them.",
  },
  NOT_FOUND: {
    when: "Nothing has this address or id.",
    remedy: "Compare the id with the one that was answered when it was made.",
  },
  METHOD_NOT_ALLOWED: {
    when: "The address does something else.",
    remedy: "Use one of the methods in `Allow`.",
  },
  CONFLICT: {
    when: "The id belongs to another call or content, or what is stored cannot be changed so: what ended is not cancelled, what was decided is not decided again.",
    remedy: "Read what stands, and use another id for something new.",
  },
  PAYLOAD_TOO_LARGE: {
    when: "The body is larger than 64 KiB, or 1 MiB for webhooks.",
    remedy: "Keep files elsewhere, and put a link into the request.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    when: "The body is not uncompressed JSON in UTF-8; on decision pages, not a form.",
    remedy: "Send `Content-Type: application/json`, and no `Content-Encoding`.",
  },
  MISDIRECTED: {
    when: "The request was sent to a name that is not this service's.",
    remedy: "Use the origin in `PUBLIC_URL`, and let proxies pass the host on.",
  },
  INVALID_FIELDS: {
    when: "Fields of the body are wrong, missing or not known.",
    remedy: "`errors` names each field and what would be right. All problems are told at once.",
  },
  RATE_LIMITED: {
    when: "More than 100 requests of one key or one address were refused with 401 or 403 within a minute.",
    remedy:
      "Wait as long as `Retry-After` says, and find out why they were refused. What would succeed is never limited.",
  },
  INTERNAL: {
    when: "Something failed on our side.",
    remedy:
      "Send it again, with the same id. If it stays, give the operator `instance`: the log tells more under it.",
  },
  ENGINE_UNAVAILABLE: {
    when: "The engine does not answer. Whether the call took effect is unknown; nothing that was acknowledged is lost.",
    remedy: "Send it again after `Retry-After`, with the same id or `Idempotency-Key`: it takes effect once.",
  },
  IDENTITY_UNAVAILABLE: {
    when: "The token may be good, but the identity provider that could tell does not answer.",
    remedy: "Send it again after `Retry-After`. API keys work meanwhile.",
  },
  TOO_MANY_WAITERS: {
    when: "This gateway holds 1,000 waiting calls already.",
    remedy: "Ask without `Prefer`, or later.",
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
  return `# Problems\n\nEvery refusal is a problem by RFC 9457, with one of these types. The service shows the same at the address in \`type\`,\n\`/problems/…\`. [HTTP](http.md#errors) describes the body.\n\n${sections.join("\n")}`;
}

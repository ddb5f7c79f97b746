/**
 * Every refusal the service can give, by a stable code.
 *
 * `status` is the HTTP status of RFC 9110, `retryable` says whether the same call may succeed later.
 * Both are read from this table and never guessed from a message.
 */
export const ERRORS = {
  INVALID_REQUEST: { status: 400, retryable: false, title: "Invalid request" },
  UNAUTHENTICATED: { status: 401, retryable: false, title: "Not authenticated" },
  FORBIDDEN: { status: 403, retryable: false, title: "Not allowed" },
  NOT_APPROVED: { status: 403, retryable: false, title: "Not approved" },
  STANDING_REFUSAL: { status: 403, retryable: false, title: "Refused in advance" },
  NOT_FOUND: { status: 404, retryable: false, title: "Not found" },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, title: "Method not allowed" },
  CONFLICT: { status: 409, retryable: false, title: "Conflict with what is stored" },
  ALREADY_CONSUMED: { status: 409, retryable: false, title: "Already consumed" },
  NO_LONGER_VALID: { status: 410, retryable: false, title: "No longer valid" },
  NOT_AS_APPROVED: { status: 412, retryable: false, title: "Not what was approved" },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false, title: "Body too large" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, title: "Unsupported content type" },
  MISDIRECTED: { status: 421, retryable: false, title: "Not this service's address" },
  INVALID_FIELDS: { status: 422, retryable: false, title: "Invalid fields" },
  RATE_LIMITED: { status: 429, retryable: true, title: "Too many requests" },
  INTERNAL: { status: 500, retryable: true, title: "Internal error" },
  ENGINE_UNAVAILABLE: { status: 503, retryable: true, title: "Engine unavailable" },
  INDEX_UNAVAILABLE: { status: 503, retryable: true, title: "Index unavailable" },
  LOG_UNAVAILABLE: { status: 503, retryable: true, title: "Log unavailable" },
  IDENTITY_UNAVAILABLE: { status: 503, retryable: true, title: "Identity provider unavailable" },
  SENDER_UNAVAILABLE: { status: 503, retryable: true, title: "Sender of webhooks unavailable" },
  TOO_MANY_WAITERS: { status: 503, retryable: true, title: "Too many open waits" },
} as const satisfies Record<string, ErrorSpec>;

interface ErrorSpec {
  readonly status: number;
  readonly retryable: boolean;
  readonly title: string;
}

export type ErrorCode = keyof typeof ERRORS;

/** One thing wrong with an input: where (a path such as `approvers[2].email`) and what would be right. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** An expected refusal, safe to show to the caller. Anything else that is thrown is a fault and answers 500. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: ErrorCode;
  /** All problems found in the input, when `code` says that the input is at fault. */
  readonly problems: readonly FieldProblem[];
  /** Members of the problem document beyond those that every problem has (RFC 9457, section 3.2). */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options?: ErrorOptions & {
      problems?: readonly FieldProblem[];
      more?: Readonly<Record<string, unknown>>;
    },
  ) {
    super(message, options);
    this.code = code;
    this.problems = options?.problems ?? [];
    this.more = options?.more ?? {};
  }
}

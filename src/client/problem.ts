import type { Problem } from "./api-types.ts";

/** A refusal of the service, or that it could not be asked. */
export class CountersignError extends Error {
  override readonly name = "CountersignError";
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /**
   * Last part of the problem's type, such as `conflict` or `invalid-fields`; `unreachable` when no answer came, and `unreadable` when
   * something else than the service answered.
   */
  readonly type: string;
  /** The request's id, which is also in the service's log. */
  readonly requestId: string | undefined;
  /** Every problem found in what was sent. */
  readonly errors: readonly { readonly field: string; readonly message: string }[];
  /** Of a refused consumption: what the approval is, such as `pending`, `rejected` or `revoked`. */
  readonly approvalStatus: string | undefined;
  /** Of a request that people have refused in advance: what they refused, and until when. */
  readonly refusal: Problem["refusal"];
  /** How long to wait before the next try, if the service said so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    told: {
      readonly status?: number;
      readonly type?: string;
      readonly requestId?: string | undefined;
      readonly errors?: readonly { readonly field: string; readonly message: string }[];
      readonly approvalStatus?: string | undefined;
      readonly refusal?: Problem["refusal"];
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: told.cause });
    this.status = told.status ?? 0;
    this.type = told.type ?? "unreachable";
    this.requestId = told.requestId;
    this.errors = told.errors ?? [];
    this.approvalStatus = told.approvalStatus;
    this.refusal = told.refusal;
    this.retryAfterMs = told.retryAfterMs;
  }

  /** Whether the same call may succeed later. */
  get isRetryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The error that an answer stands for, whatever its body is: proxies in between answer with their own. */
export async function errorOf(response: Response): Promise<CountersignError> {
  const problem = await problemIn(response);
  const seconds = /^\d{1,6}$/.exec(response.headers.get("retry-after") ?? "")?.[0];
  const status = response.status;
  return new CountersignError(problem?.detail ?? `The service answered ${status}`, {
    status,
    type: problem?.type?.replace(/^.*\/problems\//, "") ?? `http-${status}`,
    requestId: problem?.instance ?? response.headers.get("x-request-id") ?? undefined,
    errors: problem?.errors ?? [],
    approvalStatus: problem?.approvalStatus,
    refusal: problem?.refusal,
    retryAfterMs: seconds === undefined ? undefined : Number(seconds) * 1000,
  });
}

async function problemIn(response: Response): Promise<Partial<Problem> | undefined> {
  const text = await response.text().catch(() => "");
  if (!(response.headers.get("content-type") ?? "").includes("application/problem+json")) return undefined;
  try {
    return JSON.parse(text) as Partial<Problem>;
  } catch {
    return undefined;
  }
}

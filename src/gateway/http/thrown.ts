/** What was thrown, as a refusal or fault of ours. */
import { ERRORS, type ErrorCode, ServiceError } from "../../lib/errors.ts";

export function asServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const code = codeOfStatus(statusOf(thrown));
  // Express and its parsers mark refusals by a status; their messages are for developers.
  if (code !== "INTERNAL") return new ServiceError(code, ERRORS[code].title, { cause: thrown });
  return new ServiceError("INTERNAL", "Unexpected failure", { cause: thrown });
}

function statusOf(thrown: unknown): unknown {
  return thrown instanceof Error && "status" in thrown ? thrown.status : undefined;
}

function codeOfStatus(status: unknown): ErrorCode {
  switch (status) {
    case 400:
      return "INVALID_REQUEST";
    case 413:
      return "PAYLOAD_TOO_LARGE";
    case 415:
      return "UNSUPPORTED_MEDIA_TYPE";
    default:
      return "INTERNAL";
  }
}

/**
 * Connects the SDK's logger to ours. Trace lines stay off, because they contain values (addresses, amounts). The latest
 * failure is remembered: the SDK logs the reason of a release in the same turn, and reports it nowhere else.
 */
import type { Logger as SdkLogger } from "@resonatehq/sdk";

/** Where a worker reports, called as pino is. */
export interface WorkerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface FailureNotes {
  /** The SDK's most recent warning or error, as text. */
  latest(): string;
}

export function sdkLogger(log: WorkerLog): SdkLogger & FailureNotes {
  let latest = "unknown";
  const note = (fields: Record<string, unknown>, message: string) => {
    latest = typeof fields["error"] === "string" ? fields["error"] : message;
  };
  return {
    latest: () => latest,
    debug: () => {},
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => {
      note(fields, message);
      log.warn(fields, message);
    },
    error: (fields, message) => {
      note(fields, message);
      log.error(fields, message);
    },
  };
}

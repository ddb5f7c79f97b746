import { type DestinationStream, destination as fileDescriptor, type Logger, pino } from "pino";

export type { Logger };

/** JSON lines on standard output, one a thing that happened; `part` tells which piece of the service speaks. */
export function createLogger(options: {
  readonly level: string;
  readonly part: string;
  readonly destination?: DestinationStream;
}): Logger {
  // Written at once: a process that is killed leaves the line that explains it.
  const destination = options.destination ?? fileDescriptor({ fd: 1, sync: true });
  return pino(
    {
      level: options.level,
      base: { part: options.part },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
      redact: { paths: NEVER_LOGGED, censor: "[secret]" },
    },
    destination,
  );
}

/** Fields that hold credentials or people's words, wherever a careless line puts them. */
const NEVER_LOGGED = ["token", "authorization", "cookie", "password", "secret", "body", "comment"].flatMap(
  (name) => [name, `*.${name}`],
);

/** An error as a log line may show it: its own fields (a body, an address) stay out, its text is scrubbed. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === "string" ? scrub(error) : { type: typeof error };
  return {
    type: error.name,
    message: scrub(error.message),
    ...("code" in error && typeof error.code === "string" ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: scrub(error.stack) }),
    // Causes form short chains; the bound is against a cycle.
    ...(error.cause === undefined || depth === 5 ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}

/** Text without mail addresses, signed tokens and the user part of URLs. */
export function scrub(text: string): string {
  return text
    .replace(/\/\/[^\s/@]+@/g, "//[secret]@")
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "[token]")
    .replace(/[^\s<>"'`,;:()[\]{}/]+@[^\s<>"'`,;:()[\]{}/@]+\.[A-Za-z]{2,}/g, "[address]");
}

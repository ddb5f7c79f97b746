import { type DestinationStream, destination as fileDescriptor, type Logger, pino } from "pino";
import { scrub } from "./scrub.ts";

export type { Logger };

/** Writes JSON lines to standard output, one for each thing that happened; `part` names the part of the service. */
export function createLogger(options: {
  readonly level: string;
  readonly part: string;
  readonly destination?: DestinationStream;
}): Logger {
  const destination = options.destination ?? turnwise(fileDescriptor({ fd: 1, sync: true }));
  return pino(
    {
      level: options.level,
      base: { part: options.part },
      timestamp,
      formatters: { level: (label) => ({ level: label }), log: censored },
      serializers: { err: describeError, error: describeError },
    },
    destination,
  );
}

/** Where this log's lines go: for lines that another thread's log has made already. */
export function linesOf(log: Logger): (line: string) => void {
  const { [pino.symbols.streamSym]: stream } = log as unknown as Record<symbol, DestinationStream>;
  if (stream === undefined) throw new Error("This log has no stream");
  return (line) => stream.write(line);
}

/** Made once a millisecond: under load, several lines have the same. */
function timestamp(): string {
  const nowMs = Date.now();
  if (nowMs !== stampedMs) {
    stampedMs = nowMs;
    stamp = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return stamp;
}

let stampedMs = Number.NaN;
let stamp = "";

/**
 * Writes the lines of one turn of the event loop together, at its end: under load a write for each costs more than the
 * line itself. A process that ends by itself, or by an error, still writes them; one that is killed loses that turn's.
 */
function turnwise(inner: DestinationStream): DestinationStream {
  let lines = "";
  const flush = () => {
    if (lines === "") return;
    inner.write(lines);
    lines = "";
  };
  process.on("exit", flush);
  return {
    write(line) {
      if (lines === "") setImmediate(flush);
      lines += line;
    },
  };
}

/** Fields with credentials or people's words, which are removed even if a careless log call has them. */
const NEVER_LOGGED: ReadonlySet<string> = new Set([
  "token",
  "authorization",
  "cookie",
  "password",
  "secret",
  "body",
  "comment",
]);

/** The fields of a line without what must not be there, at the top and one level below; nearly always as they are. */
function censored(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let clean = fields;
  for (const [name, value] of Object.entries(fields)) {
    const isNested = depth === 0 && typeof value === "object" && value !== null && !(value instanceof Error);
    const shown = NEVER_LOGGED.has(name)
      ? "[secret]"
      : isNested
        ? censored(value as Record<string, unknown>, 1)
        : value;
    if (shown === value) continue;
    if (clean === fields) clean = { ...fields };
    clean[name] = shown;
  }
  return clean;
}

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

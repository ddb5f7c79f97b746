import { environment } from "../config/env.ts";
import { ConfigError } from "../lib/config-error.ts";
import type { Logger } from "../lib/log.ts";
import type { OpenTraces } from "../traces/traces.ts";

/** Whether traces are recorded, in each thread of a process alike. */
export function hasTraces(): boolean {
  return (
    environment("OTEL_TRACES_EXPORTER")?.trim() === "otlp" && environment("OTEL_SDK_DISABLED") !== "true"
  );
}

/**
 * @returns undefined where OpenTelemetry's variables do not switch traces on: then none of its libraries is read
 * @throws ConfigError for a setting that cannot be used
 */
export async function openTraces(log: Logger): Promise<OpenTraces | undefined> {
  const exporter = environment("OTEL_TRACES_EXPORTER")?.trim() || "none";
  if (exporter !== "none" && exporter !== "otlp") {
    throw new ConfigError(["OTEL_TRACES_EXPORTER must be otlp or none"]);
  }
  if (!hasTraces()) return undefined;
  const { startTraces } = await import("../traces/traces.ts");
  return startTraces(environment, log);
}

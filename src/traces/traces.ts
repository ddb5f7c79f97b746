/**
 * Hands spans to OpenTelemetry. Its libraries are read only where `OTEL_TRACES_EXPORTER` is `otlp`, and configured by
 * OpenTelemetry's own variables: `OTEL_EXPORTER_OTLP_…`, `OTEL_TRACES_SAMPLER` and `_ARG`, `OTEL_SERVICE_NAME`,
 * `OTEL_RESOURCE_ATTRIBUTES`.
 *
 * A span is made when it is over, with the ids that were given to it when it began: it may belong to another thread, or to
 * a trace that becomes known while it lasts. Whether a trace is recorded is decided where it begins, and is in its context.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { atMost } from "../lib/at-most.ts";
import { ConfigError } from "../lib/config-error.ts";
import { type ContextParts, contextOf, partsOf, type SpanRecord, type Traces } from "../lib/traces.ts";

export interface OpenTraces extends Traces {
  /** Sends what is outstanding, and stops. Spans that nobody takes within `limitMs` are lost, and the log says so. */
  close(limitMs?: number): Promise<void>;
}

/** The exporter tries for ten seconds. A stop must not take that long. */
const CLOSE_LIMIT_MS = 2_000;

interface TracesLog {
  warn(fields: object, message: string): void;
}

/** @throws ConfigError for a setting that cannot be used */
export function startTraces(environment: (name: string) => string | undefined, log: TracesLog): OpenTraces {
  const sampler = samplerIn(environment("OTEL_TRACES_SAMPLER"), environment("OTEL_TRACES_SAMPLER_ARG"));
  const random = new RandomIdGenerator();
  let given: ContextParts | undefined;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "countersign" }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    sampler: new AlwaysOnSampler(),
    idGenerator: {
      generateTraceId: () => given?.traceId ?? random.generateTraceId(),
      generateSpanId: () => given?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  const tracer = provider.getTracer("countersign");
  return {
    begin(name, parent) {
      const caller = partsOf(parent);
      const traceId = caller?.traceId ?? random.generateTraceId();
      const { decision } = sampler.shouldSample(within(caller), traceId, name, SpanKind.SERVER, {}, []);
      const isSampled = decision === SamplingDecision.RECORD_AND_SAMPLED;
      return contextOf({ traceId, spanId: random.generateSpanId(), isSampled });
    },
    record({ name, kind, context, parent, startMs, endMs, attributes, isFailed = false }: SpanRecord) {
      const own = partsOf(context);
      if (own?.isSampled !== true) return;
      given = own;
      const startTime = startMs;
      const span = tracer.startSpan(
        name,
        { kind: KINDS[kind], startTime, attributes: { ...attributes } },
        within(partsOf(parent)),
      );
      given = undefined;
      if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(endMs);
    },
    async close(limitMs = CLOSE_LIMIT_MS) {
      try {
        await atMost(limitMs, provider.shutdown());
      } catch (err) {
        log.warn({ err }, "The last spans are lost: the collector did not take them");
      }
    },
  };
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER } as const;

function within(parts: ContextParts | undefined) {
  if (parts === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = parts;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

const SAMPLERS: Readonly<Record<string, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
};

/** As OpenTelemetry names them, with its default. */
function samplerIn(setting: string | undefined, argument: string | undefined): Sampler {
  const make = SAMPLERS[setting?.trim() || "parentbased_always_on"];
  const ratio = Number(argument?.trim() || 1);
  const problems: string[] = [];
  if (make === undefined)
    problems.push(`OTEL_TRACES_SAMPLER must be one of ${Object.keys(SAMPLERS).join(", ")}`);
  if (!(ratio >= 0 && ratio <= 1)) problems.push("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1");
  if (make === undefined || problems.length > 0) throw new ConfigError(problems);
  return make(ratio);
}

/**
 * Hands measurements to OpenTelemetry. Its libraries are read only where metrics are on, and configured by OpenTelemetry's own
 * variables: `OTEL_METRICS_EXPORTER` (`prometheus`, `otlp`, or both), `OTEL_EXPORTER_PROMETHEUS_HOST` and `_PORT`,
 * `OTEL_EXPORTER_OTLP_…`, `OTEL_METRIC_EXPORT_INTERVAL`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`.
 */
import { type Counter, type Gauge, type Histogram, metrics } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, type MetricReader, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { ConfigError } from "../lib/config-error.ts";
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  MEASURES,
  type Measure,
  type MeasureName,
  type Measures,
} from "../lib/measures.ts";
import { PrometheusReader } from "./prometheus.ts";

export interface Metrics extends Measures {
  /** Where Prometheus reads them; undefined: nowhere. */
  readonly url: string | undefined;
  /** `read` is asked each time that metrics are read or sent. Undefined: nothing is known. */
  watch(name: GaugeName, read: () => number | undefined | Promise<number | undefined>): void;
  /** Sends what is outstanding, and stops. */
  close(): Promise<void>;
}

/** @throws ConfigError for a setting that cannot be used, and an error if the port is taken */
export async function startMetrics(environment: (name: string) => string | undefined): Promise<Metrics> {
  const exporters = exportersIn(environment("OTEL_METRICS_EXPORTER"));
  const readers: MetricReader[] = [];
  const host = environment("OTEL_EXPORTER_PROMETHEUS_HOST") || "127.0.0.1";
  const port = portIn(environment("OTEL_EXPORTER_PROMETHEUS_PORT"));
  const prometheus = exporters.has("prometheus") ? new PrometheusReader() : undefined;
  if (prometheus !== undefined) readers.push(prometheus);
  if (exporters.has("otlp")) readers.push(otlpReader(environment("OTEL_METRIC_EXPORT_INTERVAL")));
  const resource = resourceFromAttributes({ "service.name": "countersign" }).merge(
    detectResources({ detectors: [envDetector] }),
  );
  const provider = new MeterProvider({ resource, readers });
  metrics.setGlobalMeterProvider(provider);
  await prometheus?.listen(host, port);
  const meter = provider.getMeter("countersign");
  const counters = new Map<CounterName, Counter>();
  const histograms = new Map<HistogramName, Histogram>();
  for (const [name, measure] of Object.entries(MEASURES) as [MeasureName, Measure][]) {
    const { kind, description, unit, bounds } = measure;
    if (kind === "counter")
      counters.set(name as CounterName, meter.createCounter(name, { description, unit }));
    if (kind === "histogram") {
      const advice = bounds === undefined ? {} : { advice: { explicitBucketBoundaries: [...bounds] } };
      histograms.set(name as HistogramName, meter.createHistogram(name, { description, unit, ...advice }));
    }
  }
  const gauges = new Map<GaugeName, Gauge>();
  const gaugeOf = (name: GaugeName) => {
    const { description, unit } = MEASURES[name];
    const gauge = gauges.get(name) ?? meter.createGauge(name, { description, unit });
    gauges.set(name, gauge);
    return gauge;
  };
  return {
    url: prometheus && `http://${host.includes(":") ? `[${host}]` : host}:${port}/metrics`,
    count: (name, labels, by = 1) => counters.get(name)?.add(by, labels),
    observe: (name, value, labels) => histograms.get(name)?.record(value, labels),
    set: (name, value) => gaugeOf(name).record(value),
    watch(name, read) {
      const { description, unit } = MEASURES[name];
      meter.createObservableGauge(name, { description, unit }).addCallback(async (result) => {
        const value = await read();
        if (value !== undefined) result.observe(value);
      });
    },
    close: () => provider.shutdown(),
  };
}

/** OpenTelemetry's default. */
const PORT = 9464;
const EXPORTERS = ["prometheus", "otlp", "none"];

function exportersIn(setting: string | undefined): ReadonlySet<string> {
  const names = (setting?.trim() || "prometheus").split(",").map((name) => name.trim());
  if (names.every((name) => EXPORTERS.includes(name))) return new Set(names);
  throw new ConfigError([`OTEL_METRICS_EXPORTER must be a list of ${EXPORTERS.join(", ")}`]);
}

function portIn(setting: string | undefined): number {
  const port = setting === undefined || setting.trim() === "" ? PORT : Number(setting);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  throw new ConfigError(["OTEL_EXPORTER_PROMETHEUS_PORT must be a whole number from 1 to 65535"]);
}

function otlpReader(interval: string | undefined): MetricReader {
  const everyMs = interval === undefined || interval.trim() === "" ? 60_000 : Number(interval);
  if (!Number.isInteger(everyMs) || everyMs < 100) {
    throw new ConfigError(["OTEL_METRIC_EXPORT_INTERVAL must be milliseconds, at least 100"]);
  }
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    exportIntervalMillis: everyMs,
    exportTimeoutMillis: Math.min(everyMs, 30_000),
  });
}

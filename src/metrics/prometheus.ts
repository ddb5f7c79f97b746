/**
 * `/metrics` in Prometheus' text format, on a port of its own: what it tells is for operators, and the gateway's port is for
 * everybody. Names get their unit, as OpenTelemetry's specification has it for Prometheus and as collectors write them; the
 * exporter that comes with the SDK leaves it out, so that one metric would have two names.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import {
  AggregationTemporality,
  type MetricData,
  MetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";

/** A database that does not answer leaves out what is read from it, and nothing else. Prometheus waits 10 seconds. */
const COLLECT_MS = 3_000;

export class PrometheusReader extends MetricReader {
  readonly #serializer = new PrometheusSerializer();
  readonly #server: Server;

  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
    this.#server = createServer((req, res) => {
      if (req.url?.split("?")[0] !== "/metrics") return void res.writeHead(404).end();
      if (req.method !== "GET" && req.method !== "HEAD")
        return void res.writeHead(405, { Allow: "GET" }).end();
      this.#text().then(
        (text) => void res.setHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8").end(text),
        () => void res.writeHead(500).end(),
      );
    });
  }

  /** @throws when the port is taken */
  async listen(host: string, port: number): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
  }

  async #text(): Promise<string> {
    const { resourceMetrics } = await this.collect({ timeoutMillis: COLLECT_MS });
    return this.#serializer.serialize(withUnits(resourceMetrics));
  }

  protected async onShutdown(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  protected async onForceFlush(): Promise<void> {}
}

function withUnits(all: ResourceMetrics): ResourceMetrics {
  return {
    ...all,
    scopeMetrics: all.scopeMetrics.map((scope) => ({ ...scope, metrics: scope.metrics.map(named) })),
  };
}

const UNITS: Readonly<Record<string, string>> = { s: "seconds", By: "bytes" };

function named(metric: MetricData): MetricData {
  const { descriptor } = metric;
  const unit = UNITS[descriptor.unit];
  return unit === undefined
    ? metric
    : { ...metric, descriptor: { ...descriptor, name: `${descriptor.name}.${unit}` } };
}

#!/usr/bin/env bash
# Packages:  @opentelemetry/exporter-prometheus 0.301.0, @opentelemetry/sdk-metrics 3.1.0
# Behaviour: OpenTelemetry's specification says that an exporter to Prometheus should put the unit, spelled out, at the end of
#            a metric's name ("Prometheus and OpenMetrics Compatibility", metric metadata): a histogram `mail.delay` with the
#            unit `s` is `mail_delay_seconds`, as collectors write it. The serializer leaves the unit out of the name, and yet
#            writes a line `# UNIT`, short as it was given, which OpenMetrics allows only for names that end with it. So one
#            metric has two names, depending on the way that it takes, and a dashboard made for one finds nothing of the other.
# Output seen:
#   # UNIT mail_delay s
#   # TYPE mail_delay histogram
#   # UNIT mail_size_total By
#   # TYPE mail_size_total counter
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm install --silent --no-audit --no-fund @opentelemetry/exporter-prometheus@0.301.0 @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/api@1.10.0

cat > units.mjs <<'JS'
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}
const reader = new Reader();
const meter = new MeterProvider({ readers: [reader] }).getMeter("mail");
meter.createHistogram("mail.delay", { unit: "s" }).record(0.5);
meter.createCounter("mail.size", { unit: "By" }).add(3);
const { resourceMetrics } = await reader.collect();
const text = new PrometheusSerializer().serialize(resourceMetrics);
console.log(text.split("\n").filter((line) => /^# (?:UNIT|TYPE) mail/u.test(line)).join("\n"));
JS
seen=$(node units.mjs)
echo "$seen"
expected='# UNIT mail_delay s
# TYPE mail_delay histogram
# UNIT mail_size_total By
# TYPE mail_size_total counter'
[ "$seen" = "$expected" ] || { echo "The behaviour has changed" >&2; exit 1; }

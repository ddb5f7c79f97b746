import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  MEASURES,
  type Measure,
  type MeasureName,
} from "../../../src/lib/measures.ts";
import { type Metrics, startMetrics } from "../../../src/metrics/metrics.ts";
import { measureEngine } from "../../../src/processes/measure-engine.ts";
import { untilPasses } from "../../support/eventually.ts";
import { freePort } from "../../support/ports.ts";
import { openRig } from "../gateway/rig.ts";

const open: Metrics[] = [];
afterEach(async () => {
  for (const metrics of open.splice(0)) await metrics.close();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<Metrics> {
  const port = String(await freePort());
  const metrics = await startMetrics((name) => ({ OTEL_EXPORTER_PROMETHEUS_PORT: port, ...env })[name]);
  open.push(metrics);
  return metrics;
}

/** Measures everything once, with each label. */
function measureAll(metrics: Metrics): void {
  for (const [name, { kind, labels }] of Object.entries(MEASURES) as [MeasureName, Measure][]) {
    const given = Object.fromEntries(labels.map((label) => [label, "x"]));
    if (kind === "counter") metrics.count(name as CounterName, given);
    else if (kind === "histogram") metrics.observe(name as HistogramName, 1, given);
    // Some are set by who knows the value, and some are asked for.
    else if (name.startsWith("countersign.engine")) metrics.set(name as GaugeName, 1);
    else metrics.watch(name as GaugeName, () => 1);
  }
}

const read = async (metrics: Metrics) => (await fetch(metrics.url ?? "")).text();

/** Names of series, with the labels of each. */
function seriesIn(text: string): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>();
  for (const line of text.split("\n")) {
    const [, name, labels = ""] = /^([a-z_]+)(?:\{(.*)\})? /u.exec(line) ?? [];
    if (name === undefined) continue;
    const known = series.get(name) ?? new Set<string>();
    for (const [, label = ""] of labels.matchAll(/(\w+)="/gu)) known.add(label);
    series.set(name, known);
  }
  return series;
}

describe("what Prometheus reads", () => {
  test("has every measure, under the name and with the labels that the dashboard and the alerts use", async () => {
    const metrics = await start();
    measureAll(metrics);
    const series = seriesIn(await read(metrics));
    const used = ["grafana/countersign.json", "prometheus/alerts.yaml"].flatMap((file) => {
      const text = readFileSync(new URL(`../../../deploy/${file}`, import.meta.url), "utf8");
      return [...text.matchAll(/\b((?:countersign|http_server)_\w+)(?:\{([^}]*)\})?/gu)];
    });
    expect(used.length).toBeGreaterThan(20);
    for (const [, name = "", conditions = ""] of used) {
      expect([...series.keys()]).toContain(name);
      for (const [, label = ""] of conditions.matchAll(/(\w+)=~?\\?"/gu)) {
        expect([name, [...(series.get(name) ?? [])]]).toEqual([name, expect.arrayContaining([label])]);
      }
    }
    // And nothing is measured that nobody looks at.
    const shown = new Set(used.map(([, name = ""]) => name.replace(/_(?:bucket|count|sum)$/u, "")));
    const exported = [...series.keys()].map((name) => name.replace(/_(?:bucket|count|sum)$/u, ""));
    expect(new Set(exported.filter((name) => /^(?:countersign|http)/u.test(name)))).toEqual(shown);
  });

  test("is text as Prometheus has it, with help, types, buckets and our name", async () => {
    const metrics = await start();
    metrics.count("countersign.mails", { result: "accepted" }, 2);
    metrics.observe("countersign.approval.duration", 200, { outcome: "approved" });
    metrics.watch("countersign.relay.up", () => undefined);
    const text = await read(metrics);
    expect(text).toMatch(/^# TYPE countersign_mails_total counter$/mu);
    expect(text).toMatch(/^countersign_mails_total\{result="accepted".*\} 2$/mu);
    expect(text).toMatch(
      /^countersign_approval_duration_seconds_bucket\{outcome="approved",.*le="300"\} 1$/mu,
    );
    expect(text).toMatch(/^target_info\{.*service_name="countersign".*\} 1$/mu);
    // Unknown is no value, and not 0.
    expect(text).not.toMatch(/^countersign_relay_up /mu);
  });

  test("comes though one of those who are asked does not answer", async () => {
    const metrics = await start();
    metrics.watch("countersign.approvals.open", () => new Promise(() => {}));
    metrics.watch("countersign.relay.waiting", () => 7);
    expect(await read(metrics)).toMatch(/^countersign_relay_waiting(?:\{.*\})? 7$/mu);
  });

  test("is refused where a setting cannot be used, or the port is taken", async () => {
    await expect(start({ OTEL_METRICS_EXPORTER: "statsd" })).rejects.toThrow("OTEL_METRICS_EXPORTER must be");
    await expect(start({ OTEL_EXPORTER_PROMETHEUS_PORT: "x" })).rejects.toThrow(
      "OTEL_EXPORTER_PROMETHEUS_PORT",
    );
    await expect(
      start({ OTEL_METRICS_EXPORTER: "otlp", OTEL_METRIC_EXPORT_INTERVAL: "1 s" }),
    ).rejects.toThrow("OTEL_METRIC_EXPORT_INTERVAL");
    const { url = "" } = await start();
    await expect(start({ OTEL_EXPORTER_PROMETHEUS_PORT: new URL(url).port })).rejects.toThrow("EADDRINUSE");
  });
});

test("metrics are sent by OTLP where OpenTelemetry's own variables say so", async () => {
  const bodies: string[] = [];
  const server = createServer(async (req: IncomingMessage, res) => {
    let body = "";
    for await (const chunk of req) body += String(chunk);
    bodies.push(`${req.url} ${body}`);
    res.setHeader("content-type", "application/json").end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const metrics = await start({ OTEL_METRICS_EXPORTER: "otlp" });
    expect(metrics.url).toBeUndefined();
    metrics.count("countersign.mails", { result: "refused" });
    await open.pop()?.close();
    expect(bodies.join()).toMatch(/^\/v1\/metrics .*"countersign\.mails".*"refused"/u);
  } finally {
    vi.unstubAllEnvs();
    server.close();
  }
});

test("requests are measured by their route and status, and approvals by their outcome, without ids", async () => {
  const seen: (readonly [string, unknown])[] = [];
  const measures = {
    count: (name: string, labels?: unknown) => void seen.push([name, labels]),
    observe: (name: string, _value: number, labels?: unknown) => void seen.push([name, labels]),
    set: () => {},
  };
  await using rig = await openRig({ measures });
  await rig.json("POST", "/approvals", { id: "po-1", title: "Order", approvers: ["ana@x.org"] });
  const link = await rig.link("po-1", "approve");
  await rig.press(link);
  await rig.settled("po-1");
  await rig.call("/nowhere/po-1");
  await untilPasses(() => expect(seen.map(([name]) => name)).toContain("countersign.approval.duration"));
  expect(seen).toContainEqual(["countersign.approval.duration", { outcome: "approved" }]);
  expect(seen).toContainEqual(["countersign.worker.tasks", { event: "taken" }]);
  const http = (route: string, method: string, status: number) => [
    "http.server.request.duration",
    { "http.route": route, "http.request.method": method, "http.response.status_code": status },
  ];
  await untilPasses(() => expect(seen).toContainEqual(http("none", "GET", 404)));
  expect(seen).toContainEqual(http("/approvals", "POST", 202));
  expect(seen).toContainEqual(http("/d/:token", "POST", 303));
  expect(JSON.stringify(seen)).not.toMatch(/po-1|ana@/u);
});

test("the engine's figures are told at once and then every few seconds, each count once", async () => {
  vi.useFakeTimers();
  try {
    const counts = new Map<string, number>();
    const gauges = new Map<string, number>();
    const stats = { requests: 3, commits: 1, checkpoints: 1, checkpointFailures: 0, halted: 0 };
    let queued = 2;
    const timer = measureEngine(
      { stats, load: () => ({ queued, journalBytes: 4_096 }) },
      {
        count: (name, { result = "" } = {}, by = 1) => {
          const series = `${name} ${result}`.trim();
          counts.set(series, (counts.get(series) ?? 0) + by);
        },
        observe: () => {},
        set: (name, value) => void gauges.set(name, value),
      },
    );
    expect(counts.get("countersign.engine.requests")).toBe(3);
    Object.assign(stats, { requests: 10, commits: 4, checkpoints: 3, checkpointFailures: 2, halted: 1 });
    queued = 0;
    vi.advanceTimersByTime(11_000);
    clearInterval(timer);
    expect(Object.fromEntries(counts)).toEqual({
      "countersign.engine.requests": 10,
      "countersign.engine.commits": 4,
      "countersign.engine.checkpoints done": 3,
      "countersign.engine.checkpoints failed": 2,
      "countersign.engine.workflows.halted": 1,
    });
    expect(Object.fromEntries(gauges)).toEqual({
      "countersign.engine.queue": 0,
      "countersign.engine.journal": 4_096,
    });
  } finally {
    vi.useRealTimers();
  }
});

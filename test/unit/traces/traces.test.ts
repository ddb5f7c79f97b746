import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createCallbackSender } from "../../../src/callback/sender.ts";
import {
  below,
  contextOf,
  partsOf,
  type SpanRecord,
  TRACE_TAG,
  type Traces,
} from "../../../src/lib/traces.ts";
import { startTraces } from "../../../src/traces/traces.ts";
import { eventually } from "../../support/eventually.ts";
import { openRig } from "../gateway/rig.ts";

const CALLERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** Keeps spans as they are recorded. */
function kept(): { readonly traces: Traces; readonly spans: SpanRecord[] } {
  const spans: SpanRecord[] = [];
  const traces: Traces = {
    begin: (_name, parent) =>
      partsOf(parent) === undefined
        ? contextOf({ traceId: "c".repeat(32), spanId: "d".repeat(16), isSampled: true })
        : below(parent ?? ""),
    record: (span) => void spans.push(span),
  };
  return { traces, spans };
}

async function listening(answer: (req: IncomingMessage, body: string) => void): Promise<string> {
  const server = createServer(async (req, res) => {
    let body = "";
    for await (const chunk of req) body += String(chunk);
    answer(req, body);
    res.setHeader("content-type", "application/json").end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("one trace goes from the caller's request over mail, press and passes to the callback, also through another worker", async () => {
  const { traces, spans } = kept();
  const called: (string | undefined)[] = [];
  const receiver = await listening(
    (req) => void called.push(req.headers["traceparent"] as string | undefined),
  );
  const callbacks = createCallbackSender({
    targets: {
      ports: [443],
      allow: { hosts: [new URL(receiver).host], networks: [] },
    },
    endpoints: [
      { name: "erp", url: `${receiver}/hook`, events: ["approval.decided"], secrets: [new Uint8Array(32)] },
    ],
    secrets: [new Uint8Array(32)],
  });
  await using rig = await openRig({ traces, callbacks });
  const body = { id: "po-1", title: "Order", approvers: ["ana@x.org"] };
  await rig.json("POST", "/approvals", body, { traceparent: CALLERS });
  const link = await rig.link("po-1", "approve");
  // Days later, in another process: all that is known is what is stored.
  await eventually("the first pass is over", () => spans.some(({ name }) => name === "approval pass"));
  await rig.rest();
  await rig.press(link);
  rig.work();
  await rig.settled("po-1");
  await eventually("the callback is made", () => spans.some(({ name }) => name === "callback pass"));
  await eventually("the press is recorded", () => spans.some(({ name }) => name === "POST /d/:token"));

  const { traceId } = partsOf(CALLERS) ?? {};
  expect(new Set(spans.map(({ context }) => partsOf(context)?.traceId))).toEqual(new Set([traceId]));
  const named = (name: string) => spans.filter((span) => span.name === name);
  const [asked] = named("POST /approvals");
  expect(asked).toMatchObject({ kind: "server", parent: CALLERS, isFailed: false });
  expect(asked?.attributes).toMatchObject({
    "countersign.approval": "po-1",
    "http.response.status_code": 202,
  });
  const passes = named("approval pass");
  expect(passes.length).toBeGreaterThanOrEqual(2);
  for (const { parent } of [...passes, ...named("POST /d/:token"), ...named("callback pass")])
    expect(parent).toBe(asked?.context);
  expect(named("mail").map(({ parent }) => parent)).toEqual([passes[0]?.context]);
  const [callback] = named("callback");
  expect(named("callback pass").map(({ context }) => context)).toContain(callback?.parent);
  // The receiver may go on with it.
  expect(called).toEqual([callback?.context]);
  expect(new Set(spans.map(({ context }) => context)).size).toBe(spans.length);
  expect(JSON.stringify(spans)).not.toMatch(/ana@|eyJ/u);
});

test("without a caller's context, or with one that is none, the approval's request begins the trace", async () => {
  const { traces, spans } = kept();
  await using rig = await openRig({ traces, work: false });
  for (const [id, traceparent] of [
    ["po-1", ""],
    ["po-2", "00-00000000000000000000000000000000-b7ad6b7169203331-01"],
    ["po-3", "x"],
  ] as const) {
    await rig.json(
      "POST",
      "/approvals",
      { id, title: "Order", approvers: ["ana@x.org"] },
      traceparent === "" ? {} : { traceparent },
    );
    const stored = await rig.durable.read(id);
    expect(partsOf(stored?.tags[TRACE_TAG])?.traceId).toBe("c".repeat(32));
  }
  await eventually("all are recorded", () => spans.length === 3);
});

test("where traces are off, nothing is stored for them, whatever a caller sends", async () => {
  await using rig = await openRig({ work: false });
  await rig.json(
    "POST",
    "/approvals",
    { id: "po-1", title: "Order", approvers: ["ana@x.org"] },
    { traceparent: CALLERS },
  );
  expect((await rig.durable.read("po-1"))?.tags).not.toHaveProperty(TRACE_TAG);
});

describe("OpenTelemetry", () => {
  async function exporting(env: Readonly<Record<string, string>> = {}) {
    const bodies: string[] = [];
    const url = await listening((req, body) => void bodies.push(`${req.url} ${body}`));
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", url);
    onTestFinished(() => void vi.unstubAllEnvs());
    return { bodies, traces: startTraces((name) => env[name], { warn: () => undefined }) };
  }
  const span = (context: string, parent?: string): SpanRecord => ({
    name: "mail",
    kind: "client",
    context,
    parent,
    startMs: 1_800_000_000_000,
    endMs: 1_800_000_000_250,
    attributes: { "countersign.promise": "po-1:2" },
    isFailed: true,
  });

  test("gets spans with the ids, times and parents that they have", async () => {
    const { bodies, traces } = await exporting();
    const context = traces.begin("POST /approvals", CALLERS);
    traces.record(span(below(context), context));
    await traces.close();
    const [path, body = ""] = bodies[0]?.split(/ (.*)/su) ?? [];
    expect(path).toBe("/v1/traces");
    const { resourceSpans } = JSON.parse(body) as {
      readonly resourceSpans: readonly [
        { readonly scopeSpans: readonly [{ readonly spans: readonly object[] }] },
      ];
    };
    expect(resourceSpans[0].scopeSpans[0].spans).toEqual([
      expect.objectContaining({
        traceId: "0af7651916cd43dd8448eb211c80319c",
        parentSpanId: partsOf(context)?.spanId,
        name: "mail",
        startTimeUnixNano: "1800000000000000000",
        endTimeUnixNano: "1800000000250000000",
        status: expect.objectContaining({ code: 2 }),
      }),
    ]);
    expect(body).toContain('"countersign"');
  });

  test("gets nothing of a trace that its caller, or the sampler, does not want", async () => {
    const unwanted = CALLERS.replace(/01$/u, "00");
    const { bodies, traces } = await exporting();
    const context = traces.begin("POST /approvals", unwanted);
    expect(partsOf(context)).toMatchObject({ traceId: partsOf(CALLERS)?.traceId, isSampled: false });
    traces.record(span(below(context), context));
    await traces.close();
    const off = await exporting({
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0",
    });
    expect(partsOf(off.traces.begin("POST /approvals", undefined))?.isSampled).toBe(false);
    expect(partsOf(off.traces.begin("POST /approvals", CALLERS))?.isSampled).toBe(true);
    await off.traces.close();
    expect([bodies, off.bodies]).toEqual([[], []]);
  });

  test("that cannot be reached loses the last spans, which is told and fails no stop", async () => {
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    vi.stubEnv("OTEL_EXPORTER_OTLP_TIMEOUT", "50");
    onTestFinished(() => void vi.unstubAllEnvs());
    const told: string[] = [];
    const traces = startTraces(() => undefined, { warn: (_, message) => void told.push(message) });
    const context = traces.begin("POST /approvals", CALLERS);
    traces.record(span(below(context), context));
    await traces.close();
    expect(told).toEqual(["The last spans are lost: the collector did not take them"]);
  });

  test("that does not answer delays a stop for no longer than it may", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    onTestFinished(() => silent.closeAllConnections());
    onTestFinished(() => void silent.close());
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", `http://127.0.0.1:${port}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const told: object[] = [];
    const traces = startTraces(() => undefined, { warn: (fields) => void told.push(fields) });
    const context = traces.begin("POST /approvals", CALLERS);
    traces.record(span(below(context), context));
    await traces.close(50);
    expect(told).toEqual([{ err: new Error("Timed out after 50 ms") }]);
  });

  test.each([
    [{ OTEL_TRACES_SAMPLER: "some" }, "OTEL_TRACES_SAMPLER must be one of always_on, always_off"],
    [{ OTEL_TRACES_SAMPLER_ARG: "2" }, "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1"],
  ])("is not started with %j", (env: Readonly<Record<string, string>>, said) => {
    expect(() => startTraces((name) => env[name], { warn: () => undefined })).toThrow(said);
  });
});

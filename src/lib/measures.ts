/**
 * What is measured, by name. Where metrics are off, measuring costs a call that does nothing. Labels have few values, so
 * that the number of series stays small: never ids, addresses or what callers wrote.
 */
export interface Measure {
  /** `counter`: only grows, since the process started. `histogram`: values, in seconds. `gauge`: a value at the moment. */
  readonly kind: "counter" | "histogram" | "gauge";
  readonly description: string;
  /** `s` for seconds; in braces what is counted. */
  readonly unit: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly bounds?: readonly number[];
}

/** Names as OpenTelemetry writes them. Prometheus has `_` for points, and adds units and `_total`. */
export const MEASURES = {
  "http.server.request.duration": {
    kind: "histogram",
    description: "Time until a request was answered, waits for an outcome included",
    unit: "s",
    labels: ["http.route", "http.request.method", "http.response.status_code"],
    bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  "countersign.approvals.open": {
    kind: "gauge",
    description: "Approvals that have not ended, counted up to 1,000",
    unit: "{approval}",
    labels: [],
  },
  "countersign.approvals.overdue": {
    kind: "gauge",
    description: "Approvals that have not ended though their deadline is over, counted up to 1,000",
    unit: "{approval}",
    labels: [],
  },
  "countersign.approval.duration": {
    kind: "histogram",
    description: "Time from an approval's start to its end",
    unit: "s",
    labels: ["outcome"],
    bounds: [60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800, 2_592_000],
  },
  "countersign.mails": {
    kind: "counter",
    description: "Attempts to hand a mail to the relay, after their quick tries",
    unit: "{mail}",
    labels: ["result"],
  },
  "countersign.mail.reports": {
    kind: "counter",
    description: "Reports about mails that came back or are late, by SMTP",
    unit: "{report}",
    labels: ["report", "result"],
  },
  "countersign.relay.up": {
    kind: "gauge",
    description:
      "1 while the relay takes mails, 0 while it is away or does not let us send; absent before the first mail",
    unit: "1",
    labels: [],
  },
  "countersign.relay.errors": {
    kind: "counter",
    description: "Mails that could not be handed over just now, by who has to act",
    unit: "{mail}",
    labels: ["cause"],
  },
  "countersign.relay.waiting": {
    kind: "gauge",
    description: "Mails that this process could not hand over within a day, and has not handed over since",
    unit: "{mail}",
    labels: [],
  },
  "countersign.callback.attempts": {
    kind: "counter",
    description: "Attempts at callbacks",
    unit: "{attempt}",
    labels: ["result"],
  },
  "countersign.log.witness.requests": {
    kind: "counter",
    description: "Requests to witnesses of the log of events to cosign its head",
    unit: "{request}",
    labels: ["result"],
  },
  "countersign.log.witnesses.failing": {
    kind: "gauge",
    description: "Witnesses of the log of events that did not cosign when they were asked last",
    unit: "{witness}",
    labels: [],
  },
  "countersign.webhooks": {
    kind: "counter",
    description: "Deliveries of webhooks that were verified",
    unit: "{delivery}",
    labels: ["source", "result"],
  },
  "countersign.engine.requests": {
    kind: "counter",
    description: "Requests to the embedded engine",
    unit: "{request}",
    labels: [],
  },
  "countersign.engine.commits": {
    kind: "counter",
    description: "Commits of the embedded engine, each of which writes to the disk once",
    unit: "{commit}",
    labels: [],
  },
  "countersign.engine.checkpoints": {
    kind: "counter",
    description: "Checkpoints of the embedded engine, from its journal into its database: done, or failed",
    unit: "{checkpoint}",
    labels: ["result"],
  },
  "countersign.engine.workflows.halted": {
    kind: "counter",
    description: "Workflows that the embedded engine halted, because no worker could continue them",
    unit: "{workflow}",
    labels: [],
  },
  "countersign.engine.queue": {
    kind: "gauge",
    description: "Requests that wait for the embedded engine",
    unit: "{request}",
    labels: [],
  },
  "countersign.engine.journal": {
    kind: "gauge",
    description: "Size of the embedded engine's journal: what a start has to read, until the next checkpoint",
    unit: "By",
    labels: [],
  },
  "countersign.engine.up": {
    kind: "gauge",
    description:
      "1 while an engine in another process answers and lets this one work, else 0; absent where the engine is in this process",
    unit: "1",
    labels: [],
  },
  "countersign.engine.clock.ahead": {
    kind: "gauge",
    description:
      "How far the clock of an engine in another process is ahead of this machine's, to the second",
    unit: "s",
    labels: [],
  },
  "countersign.worker.tasks": {
    kind: "counter",
    description: "Tasks of workers: taken, or lost because the lease was over",
    unit: "{task}",
    labels: ["event"],
  },
} as const satisfies Readonly<Record<string, Measure>>;

export type MeasureName = keyof typeof MEASURES;
type NameOf<K extends Measure["kind"]> = {
  [Name in MeasureName]: (typeof MEASURES)[Name]["kind"] extends K ? Name : never;
}[MeasureName];
export type CounterName = NameOf<"counter">;
export type HistogramName = NameOf<"histogram">;
export type GaugeName = NameOf<"gauge">;
export type Labels = Readonly<Record<string, string | number>>;

/** Where measurements go. */
export interface Measures {
  count(name: CounterName, labels?: Labels, by?: number): void;
  observe(name: HistogramName, value: number, labels?: Labels): void;
  /** Sets what a gauge shows until it is set again. */
  set(name: GaugeName, value: number): void;
}

export const NO_MEASURES: Measures = { count() {}, observe() {}, set() {} };

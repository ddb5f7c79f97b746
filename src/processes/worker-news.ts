/** What a worker in a thread of its own tells the process's first thread, which writes the log and knows who looks on. */
import type { ApprovalRequest } from "../approval/approval.ts";
import type { CallbackEvent } from "../approval/event.ts";
import type { AskMail } from "../channels/mail/mailer.ts";
import type { Config } from "../config/config.ts";
import { createLogger, type Logger } from "../lib/log.ts";
import type { CounterName, GaugeName, HistogramName, Labels, Measures } from "../lib/measures.ts";
import type { RelayState } from "../lib/relay-state.ts";
import type { SpanRecord, SpanSink } from "../lib/traces.ts";
import type { Onlooker, WorkerParts } from "./compose-worker.ts";
import { hasTraces } from "./traces.ts";

export type WorkerNews =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "mail"; readonly mail: AskMail }
  | { readonly kind: "event"; readonly event: CallbackEvent; readonly request: ApprovalRequest }
  /** In one turn of the event loop. */
  | { readonly kind: "measured"; readonly measured: readonly Measured[] }
  | { readonly kind: "span"; readonly span: SpanRecord }
  | { readonly kind: "relay"; readonly state: RelayState };

type Measured =
  | { readonly kind: "count"; readonly name: CounterName; readonly by: number; readonly labels: Labels }
  | {
      readonly kind: "observe";
      readonly name: HistogramName;
      readonly value: number;
      readonly labels: Labels;
    }
  | { readonly kind: "set"; readonly name: GaugeName; readonly value: number };

/** In the worker's thread: a log that `say` carries over. */
export function saidLog(config: Config, part: string, say: (news: WorkerNews) => void): Logger {
  return createLogger({
    level: config.logLevel,
    part,
    destination: { write: (line) => say({ kind: "line", line }) },
  });
}

/** In the worker's thread: tells those who look on. */
export function saidOnlooker(say: (news: WorkerNews) => void): Onlooker {
  return {
    mail: (mail) => say({ kind: "mail", mail }),
    event: (event, request) => say({ kind: "event", event, request }),
  };
}

/** In the worker's thread: tells of the relay, measures where metrics are on, and records spans where traces are. */
export function saidMeasures(
  { metrics }: Pick<Config, "metrics">,
  say: (news: WorkerNews) => void,
): Pick<WorkerParts, "measures" | "spans" | "onRelay"> {
  const onRelay = (state: RelayState) => say({ kind: "relay", state });
  const spans = hasTraces() ? { record: (span: SpanRecord) => say({ kind: "span", span }) } : undefined;
  return metrics ? { onRelay, spans, measures: measuresByTurn(say) } : { onRelay, spans };
}

/** What is measured in one turn of the event loop goes over together, because each message wakes the first thread. */
function measuresByTurn(say: (news: WorkerNews) => void): Measures {
  let measured: Measured[] = [];
  const note = (one: Measured) => {
    measured.push(one);
    if (measured.length > 1) return;
    setImmediate(() => {
      say({ kind: "measured", measured });
      measured = [];
    });
  };
  return {
    count: (name, labels = {}, by = 1) => note({ kind: "count", name, by, labels }),
    observe: (name, value, labels = {}) => note({ kind: "observe", name, value, labels }),
    set: (name, value) => note({ kind: "set", name, value }),
  };
}

/** In the first thread: who is told. */
export interface Hearers {
  /** Gets each line of the worker's log. */
  readonly write: (line: string) => void;
  readonly onlooker?: Onlooker | undefined;
  readonly metrics?: Measures | undefined;
  readonly traces?: SpanSink | undefined;
  readonly relay?: ((state: RelayState) => void) | undefined;
}

/** In the first thread: passes the news on. */
export function hearWorker(news: WorkerNews, { write, onlooker, metrics, traces, relay }: Hearers): void {
  switch (news.kind) {
    case "line":
      return write(news.line);
    case "mail":
      return onlooker?.mail(news.mail);
    case "event":
      return onlooker?.event(news.event, news.request);
    case "measured":
      if (metrics !== undefined) for (const one of news.measured) measure(metrics, one);
      return;
    case "span":
      return traces?.record(news.span);
    case "relay":
      return relay?.(news.state);
    default:
      return news satisfies never;
  }
}

function measure(measures: Measures, one: Measured): void {
  switch (one.kind) {
    case "count":
      return measures.count(one.name, one.labels, one.by);
    case "observe":
      return measures.observe(one.name, one.value, one.labels);
    case "set":
      return measures.set(one.name, one.value);
    default:
      return one satisfies never;
  }
}

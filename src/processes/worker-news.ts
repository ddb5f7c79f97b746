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
  | { readonly kind: "count"; readonly name: CounterName; readonly by: number; readonly labels: Labels }
  | {
      readonly kind: "observe";
      readonly name: HistogramName;
      readonly value: number;
      readonly labels: Labels;
    }
  | { readonly kind: "set"; readonly name: GaugeName; readonly value: number }
  | { readonly kind: "span"; readonly span: SpanRecord }
  | { readonly kind: "relay"; readonly state: RelayState };

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
  { metrics }: Config,
  say: (news: WorkerNews) => void,
): Pick<WorkerParts, "measures" | "spans" | "onRelay"> {
  const onRelay = (state: RelayState) => say({ kind: "relay", state });
  const spans = hasTraces() ? { record: (span: SpanRecord) => say({ kind: "span", span }) } : undefined;
  if (!metrics) return { onRelay, spans };
  return {
    onRelay,
    spans,
    measures: {
      count: (name, labels = {}, by = 1) => say({ kind: "count", name, by, labels }),
      observe: (name, value, labels = {}) => say({ kind: "observe", name, value, labels }),
      set: (name, value) => say({ kind: "set", name, value }),
    },
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
    case "count":
      return metrics?.count(news.name, news.labels, news.by);
    case "observe":
      return metrics?.observe(news.name, news.value, news.labels);
    case "set":
      return metrics?.set(news.name, news.value);
    case "span":
      return traces?.record(news.span);
    case "relay":
      return relay?.(news.state);
    default:
      return news satisfies never;
  }
}

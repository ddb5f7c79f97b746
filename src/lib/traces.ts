/**
 * Traces of approvals, as data. One trace goes from `POST /approvals` over mails, presses and passes of the workflow to
 * callbacks, which may be days apart and in different processes. So its context is stored with the promises that it leads to.
 * Where traces are off, nothing is stored, and nothing is recorded.
 */
import { randomBytes } from "node:crypto";

/** W3C Trace Context, the value of `traceparent` in version 00: the trace, the span, and whether it is recorded. */
export type TraceContext = string;

/** Tag of a promise that belongs to a trace. */
export const TRACE_TAG = "countersign:traceparent";

/** A part of a trace that is over. */
export interface SpanRecord {
  readonly name: string;
  readonly kind: "server" | "client" | "consumer";
  /** Its own. */
  readonly context: TraceContext;
  /** Of the part that it belongs to; undefined: it begins the trace. */
  readonly parent: TraceContext | undefined;
  /** Milliseconds since 1970, by this process's clock. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Whether it failed. */
  readonly isFailed?: boolean;
}

/** Where spans go. */
export interface SpanSink {
  record(span: SpanRecord): void;
}

export interface Traces extends SpanSink {
  /** The context of a span that begins a trace, or belongs to its caller's. */
  begin(name: string, parent: TraceContext | undefined): TraceContext;
}

const CONTEXT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

export interface ContextParts {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** Undefined for anything that is no context: W3C has it ignored, as if nothing had come. */
export function partsOf(text: unknown): ContextParts | undefined {
  const [, traceId, spanId, flags = ""] = typeof text === "string" ? (CONTEXT.exec(text) ?? []) : [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function contextOf({ traceId, spanId, isSampled }: ContextParts): TraceContext {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

/** The context that a promise's tags hold; undefined: it belongs to no trace. */
export function contextIn(tags: Readonly<Record<string, string>>): TraceContext | undefined {
  const found = tags[TRACE_TAG];
  return partsOf(found) === undefined ? undefined : found;
}

/** The context of a new span below another. */
export function below(parent: TraceContext): TraceContext {
  const parts = partsOf(parent);
  if (parts === undefined) throw new TypeError("Cannot trace: this is no context");
  return contextOf({ ...parts, spanId: randomBytes(8).toString("hex") });
}

/**
 * Knows which trace each task under way belongs to, by the tag of its promise, and records each of its passes: from the
 * moment the worker takes it to the moment it waits, ends or is given back.
 */
import type { Network, PromiseRecord, Request, Response, Send } from "@resonatehq/sdk";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { below, contextIn, type SpanSink, type TraceContext } from "../../src/lib/traces.ts";
import { NetworkBetween } from "./network-between.ts";

interface Pass {
  readonly version: number;
  readonly name: string;
  readonly parent: TraceContext;
  readonly context: TraceContext;
  readonly startMs: number;
}

export class TraceNetwork extends NetworkBetween {
  readonly #sink: SpanSink;
  readonly #passes = new Map<string, Pass>();

  constructor(inner: Network, sink: SpanSink) {
    super(inner);
    this.#sink = sink;
  }

  /** The context of a task's pass under way; undefined: it belongs to no trace. */
  passOf(task: string): TraceContext | undefined {
    return this.#passes.get(task)?.context;
  }

  /** What the task's promise was created with, which whatever the task starts belongs to as well. */
  traceOf(task: string): TraceContext | undefined {
    return this.#passes.get(task)?.parent;
  }

  // An arrow, because the SDK detaches it from the network.
  send: Send = async <K extends Request["kind"]>(request: Extract<Request, { kind: K }>) => {
    const response = await this.inner.send(request);
    this.#note(request, response);
    return response;
  };

  #note(request: Request, { head: { status }, data }: Response): void {
    switch (request.kind) {
      case "task.acquire": {
        if (status !== 200) return;
        const { promise, task } = data as {
          readonly promise: PromiseRecord;
          readonly task: { readonly version: number };
        };
        const parent = contextIn(promise.tags);
        if (parent === undefined) return;
        const name = `${promise.tags[KIND_TAG] ?? "workflow"} pass`;
        const { version } = task;
        if (this.#passes.size >= PASSES_MAX) this.#forgetOldest();
        this.#passes.set(promise.id, { version, name, parent, context: below(parent), startMs: Date.now() });
        return;
      }
      case "task.suspend":
      case "task.fulfill":
      case "task.release": {
        // 300: something awaited is settled already, and the pass goes on.
        if (status === 300) return;
        const { id, version } = request.data;
        const pass = this.#passes.get(id);
        if (pass?.version !== version) return;
        this.#passes.delete(id);
        const { name, context, parent, startMs } = pass;
        const attributes = { "countersign.promise": id, "countersign.pass": version };
        this.#sink.record({
          name,
          kind: "consumer",
          context,
          parent,
          startMs,
          endMs: Date.now(),
          attributes,
        });
        return;
      }
      default:
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#passes.keys();
    if (oldest !== undefined) this.#passes.delete(oldest);
  }
}

/** More than run at once: the rest are passes whose task was lost, and that end with no request. */
const PASSES_MAX = 2_000;

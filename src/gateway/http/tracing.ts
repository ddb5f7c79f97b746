/**
 * Spans of requests that change an approval. `POST /approvals` begins the approval's trace, or goes on with its caller's. Any
 * other POST belongs to the trace of the approval that it is about, which its handler finds out; a browser knows of none.
 */
import type { Request } from "express";
import { below, contextIn, type TraceContext, type Traces } from "../../lib/traces.ts";

export interface Tracing {
  /** Undefined: a request of this kind is in no trace. */
  begin(req: Request): TracedRequest | undefined;
}

interface TracedRequest {
  /** Of `POST /approvals`. */
  readonly context: TraceContext | undefined;
  end(line: RequestLine): void;
}

interface RequestLine {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly approval: string | undefined;
}

/** @param tagsOf the tags of a promise; undefined if there is none. May throw */
export function createTracing(
  traces: Traces,
  tagsOf: (id: string) => Promise<Readonly<Record<string, string>> | undefined>,
): Tracing {
  return {
    begin(req) {
      if (req.method !== "POST") return undefined;
      const startMs = Date.now();
      const parent = req.path === "/approvals" ? req.get("traceparent") : undefined;
      const context = req.path === "/approvals" ? traces.begin("POST /approvals", parent) : undefined;
      const record = (
        own: TraceContext,
        above: TraceContext | undefined,
        line: RequestLine,
        endMs: number,
      ) => {
        const { method, route, status, approval } = line;
        traces.record({
          name: `${method} ${route}`,
          kind: "server",
          context: own,
          parent: above,
          startMs,
          endMs,
          attributes: {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            ...(approval === undefined ? {} : { "countersign.approval": approval }),
          },
          isFailed: status >= 500,
        });
      };
      return {
        context,
        end(line) {
          const endMs = Date.now();
          const { approval } = line;
          if (context !== undefined) return record(context, parent, line, endMs);
          if (approval === undefined) return;
          // After the answer is out: nobody waits for it. Without the engine there is no span.
          void tagsOf(approval).then(
            (tags) => {
              const trace = tags && contextIn(tags);
              if (trace !== undefined) record(below(trace), trace, line, endMs);
            },
            () => undefined,
          );
        },
      };
    },
  };
}

import { parentId } from "../../src/approval/ids.ts";
import { below, type SpanSink } from "../../src/lib/traces.ts";
import type { ProductServices } from "./services.ts";
import type { TraceNetwork } from "./trace-network.ts";

/** What does a part of a step within the pass of its workflow, and records how long that took. */
export function tracedBy(
  passes: Pick<TraceNetwork, "passOf"> | undefined,
  sink: SpanSink | undefined,
): ProductServices["traced"] {
  return async (stepId, name, work) => {
    const parent = passes?.passOf(parentId(stepId) ?? stepId);
    if (parent === undefined || sink === undefined) return await work(undefined);
    const context = below(parent);
    const startMs = Date.now();
    let isFailed = true;
    try {
      const done = await work(context);
      isFailed = false;
      return done;
    } finally {
      const attributes = { "countersign.promise": stepId };
      sink.record({
        name,
        kind: "client",
        context,
        parent,
        startMs,
        endMs: Date.now(),
        attributes,
        isFailed,
      });
    }
  };
}

import * as read from "./fields.ts";
import type { DebugRequest, Request } from "./requests.ts";

export const DEBUG_PARSERS: {
  readonly [K in DebugRequest["kind"]]: (data: read.Fields) => Extract<Request, { kind: K }>;
} = {
  "debug.start": () => ({ kind: "debug.start" }),
  "debug.stop": () => ({ kind: "debug.stop" }),
  "debug.reset": () => ({ kind: "debug.reset" }),
  "debug.snap": () => ({ kind: "debug.snap" }),
  "debug.tick": (data) => ({
    kind: "debug.tick",
    data: { time: read.integer(data["time"], "data.time", 0) },
  }),
};

/** The time at which a request is to be judged, where the server lets tests set it. */
export function debugTimeOf(head: read.Fields): number | undefined {
  const time = head["resonate:debug_time"];
  return time === undefined ? undefined : read.integer(time, 'head["resonate:debug_time"]', 0);
}

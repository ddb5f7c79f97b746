import type { Request, Response } from "@resonatehq/sdk";
import { originOf } from "../protocol/ids.ts";

type Heartbeat = Extract<Request, { kind: "task.heartbeat" }>;
type HeartbeatResponse = Extract<Response, { kind: "task.heartbeat" }>;

/**
 * Sends one heartbeat for each tree of workflows among the tasks, all at once, and answers as the engine answers one.
 * Servers from 0.10 on refuse the SDK's, which is of all tasks of the process, and every lease would run out. Our own
 * engine takes that one.
 *
 * Throws if one of them failed: its tasks are renewed no more.
 */
export async function heartbeat(
  request: Heartbeat,
  isOwnEngine: boolean,
  send: (part: Heartbeat) => Promise<HeartbeatResponse>,
): Promise<HeartbeatResponse> {
  if (isOwnEngine) return await send(request);
  const { kind, head, data } = request;
  const trees = Map.groupBy(data.tasks, ({ id }) => originOf(id));
  const parts = Array.from(trees, ([origin, tasks]) => ({
    kind,
    head: { ...head, "resonate:origin": origin },
    data: { ...data, tasks },
  }));
  const results = await Promise.allSettled(parts.map(send));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return { kind, head: { corrId: head.corrId, status: 200, version: head.version }, data: {} };
}

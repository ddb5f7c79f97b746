import { KIND_TAG } from "../../src/approval/ids.ts";
import { anyAddress, timer } from "../../src/durable/lineage.ts";

/** Tags of a timer. It also has a target, because some servers keep deadlines only of promises with a target. */
export function timerTags(group: string, kind: "end" | "alarm" | "retry"): Record<string, string> {
  return { ...timer(anyAddress(group)), [KIND_TAG]: kind };
}

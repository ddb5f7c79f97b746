import { KIND_TAG } from "../../src/approval/ids.ts";
import { anyAddress, timer } from "../../src/durable/lineage.ts";

/** Tags of a promise that resolves by itself, on every server: its target makes even those arm it that arm nothing else. */
export function timerTags(group: string, kind: "end" | "retry"): Record<string, string> {
  return { ...timer(anyAddress(group)), [KIND_TAG]: kind };
}

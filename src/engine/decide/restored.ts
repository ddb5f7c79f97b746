import { type Restored, restoredId, restoredIn, restoredParam } from "../../protocol/restored.ts";
import { apply } from "./apply.ts";
import type { Transition, View } from "./state.ts";

/** As good as for ever; what was pending at the time of a restore may be so for 400 days. */
const KEPT_MS = 10 * 365 * 86_400_000;

/** Stores that the file is a backup made at `backupAtMs`, unless that is stored. */
export function noteRestore(view: View, backupAtMs: number, now: number): Transition {
  let number = 1;
  for (;;) {
    const noted = view.promise(restoredId(number));
    if (noted === undefined) break;
    if (restoredOf(noted.param.data)?.backupAtMs === backupAtMs) return { changes: [], messages: [] };
    number += 1;
  }
  const restored: Restored = { kind: "restored", backupAtMs, restoredAtMs: now };
  const data = { id: restoredId(number), param: restoredParam(restored), timeoutAt: now + KEPT_MS, tags: {} };
  return apply(view, { kind: "promise.create", data }, { now, local: true });
}

function restoredOf(data = ""): Restored | undefined {
  try {
    return restoredIn(JSON.parse(Buffer.from(data, "base64").toString("utf8")));
  } catch {
    // Another program has taken the id.
    return undefined;
  }
}

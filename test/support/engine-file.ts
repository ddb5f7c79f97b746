import { existsSync } from "node:fs";
import { join } from "node:path";
import { examine } from "../../src/engine/doctor.ts";

/**
 * What is broken in the data folder's engine, in words: asks all that `countersign doctor` asks, of a file that a
 * process has open, or has left behind when it was killed. Without such a file there is nothing to say.
 */
export function brokenIn(dataDir: string): string[] {
  const file = join(dataDir, "engine.db");
  if (!existsSync(file)) return [];
  return examine(file, Date.now())
    .findings.filter(({ level }) => level === "broken")
    .map(({ what, ids }) => `The engine's file is broken: ${what} (${ids.join(", ")})`);
}

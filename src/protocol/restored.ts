/**
 * That an engine's file is a restored backup, as clients of the engine can read it: one promise for each time, numbered
 * from 1. Its parameter is {@link Restored}. It is never settled.
 */
import type { Value } from "./records.ts";

/** What changed after the one instant is lost; what is stored after the other belongs to the new history. */
export interface Restored {
  readonly kind: "restored";
  /** When the backup was made, in milliseconds since 1970. */
  readonly backupAtMs: number;
  /** When an engine first opened it. */
  readonly restoredAtMs: number;
}

/** No caller can choose such an id: see `ID_PATTERN` of `src/approval/ids.ts`. */
export function restoredId(number: number): string {
  return `engine.restored~${number}`;
}

/** As the SDK writes values. */
export function restoredParam(restored: Restored): Value {
  return { headers: {}, data: Buffer.from(JSON.stringify(restored)).toString("base64") };
}

/** Undefined for anything else. */
export function restoredIn(param: unknown): Restored | undefined {
  if (typeof param !== "object" || param === null) return undefined;
  const { kind, backupAtMs, restoredAtMs } = param as Record<string, unknown>;
  const isGood =
    kind === "restored" && Number.isSafeInteger(backupAtMs) && Number.isSafeInteger(restoredAtMs);
  return isGood ? (param as Restored) : undefined;
}

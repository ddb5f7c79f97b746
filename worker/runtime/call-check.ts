/** Checks whether the SDK can run a task's call, so that other calls never reach the SDK. */
import type { PromiseRecord } from "@resonatehq/sdk";
import { cameItsWay, ownWayOf, standInFor } from "../../src/approval/own-ways.ts";
import { decodeShared } from "../../src/durable/value.ts";

export interface CallCheckOptions {
  /** True if this worker can run that function in that version. */
  readonly has: (func: string, version: number) => boolean;
  /** What `has` knows, for the message. */
  readonly registered: () => readonly string[];
}

export type CheckedCall =
  | { readonly kind: "run" }
  | { readonly kind: "run-instead"; readonly call: StoredCall }
  /** Perhaps another worker can. */
  | { readonly kind: "unknown"; readonly reason: string }
  | { readonly kind: "refuse"; readonly reason: string };

interface StoredCall {
  readonly func: string;
  readonly args: unknown[];
  readonly version?: number;
}

export function checkCall(promise: PromiseRecord, { has, registered }: CallCheckOptions): CheckedCall {
  let call: unknown;
  try {
    call = decodeShared(promise.param);
  } catch {
    return refuse("Cannot run: the stored call is not base64 of JSON");
  }
  if (!isCall(call)) return refuse("Cannot run: the stored call is not of the form {func, args, version}");
  const { func, version = 1 } = call;
  if (!has(func, version)) {
    const known = registered().join(", ");
    return {
      kind: "unknown",
      reason: `Function "${func}" version ${version} is not registered on this worker; registered: ${known}`,
    };
  }
  if (cameItsWay(func, promise.tags)) return { kind: "run" };
  const standIn = standInFor(func);
  return standIn !== undefined && has(standIn, version)
    ? { kind: "run-instead", call: { ...call, func: standIn } }
    : refuse(`Cannot run ${func} when called by its name: ${ownWayOf(func)}`);
}

function refuse(reason: string): CheckedCall {
  return { kind: "refuse", reason };
}

function isCall(value: unknown): value is StoredCall {
  if (typeof value !== "object" || value === null) return false;
  const call = value as Record<string, unknown>;
  return (
    typeof call["func"] === "string" &&
    Array.isArray(call["args"]) &&
    (call["version"] === undefined || typeof call["version"] === "number")
  );
}

import type { StoredPromise } from "../durable/durable.ts";
import { EXIT, type ExitCode } from "./command.ts";
import { callOf, kindOf } from "./kind.ts";

/** A promise as the command line prints it as JSON. Times are ISO 8601. */
export interface Description {
  readonly id: string;
  readonly kind: string;
  readonly state: StoredPromise["state"];
  readonly func?: string;
  readonly version?: number;
  readonly args?: readonly unknown[];
  /** What it was created with, if that is no call. */
  readonly param?: unknown;
  /** Of a resolved promise; null when there is none. */
  readonly result?: unknown;
  /** Of one that ended otherwise; null when no reason was given. */
  readonly error?: unknown;
  readonly unreadable?: "param" | "value";
  readonly createdAt: string;
  readonly timeoutAt: string;
  readonly settledAt?: string;
}

export function describe(promise: StoredPromise): Description {
  const { id, state, param, value, unreadable, createdAt, timeoutAt, settledAt } = promise;
  const call = callOf(param);
  return {
    id,
    kind: kindOf(promise),
    state,
    ...(call ?? (param === undefined ? {} : { param })),
    ...(state === "pending"
      ? {}
      : state === "resolved"
        ? { result: value ?? null }
        : { error: errorOf(value) }),
    ...(unreadable === undefined ? {} : { unreadable }),
    createdAt: isoTime(createdAt),
    timeoutAt: isoTime(timeoutAt),
    ...(settledAt === undefined ? {} : { settledAt: isoTime(settledAt) }),
  };
}

export function describeText(promise: StoredPromise): string {
  const { id, kind, state, func, version, args, createdAt, timeoutAt, settledAt, ...rest } =
    describe(promise);
  const facts: [string, string][] = [];
  if (func !== undefined)
    facts.push(["function", version === undefined ? func : `${func}, version ${version}`]);
  for (const arg of args ?? []) facts.push(["argument", JSON.stringify(arg)]);
  if ("param" in rest) facts.push(["content", JSON.stringify(rest.param)]);
  if ("result" in rest) facts.push(["result", JSON.stringify(rest.result)]);
  if ("error" in rest) facts.push(["error", errorText(rest.error)]);
  if (rest.unreadable !== undefined)
    facts.push(["unreadable", `its ${rest.unreadable} was written by something else`]);
  facts.push(["created", createdAt], ["times out", timeoutAt]);
  if (settledAt !== undefined) facts.push(["settled", settledAt]);
  const width = Math.max(...facts.map(([label]) => label.length));
  return [
    `${id}  ${kind}  ${state}`,
    ...facts.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`),
  ].join("\n");
}

/** How a command that is about a promise's end ends itself. */
export function exitCodeOf({ state }: StoredPromise): ExitCode {
  if (state === "resolved") return EXIT.ok;
  return state === "pending" ? EXIT.pending : EXIT.failed;
}

/** Stacks name the worker's files; the message is what its author meant to tell. */
function errorOf(value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message } : (value ?? null);
}

function errorText(error: unknown): string {
  const isNamed = typeof error === "object" && error !== null && "message" in error;
  return isNamed && typeof error.message === "string" ? error.message : JSON.stringify(error);
}

function isoTime(ms: number): string {
  // Promises of other programs may never time out, which is written as a number beyond the calendar.
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

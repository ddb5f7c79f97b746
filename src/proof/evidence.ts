/**
 * What an approval follows from: its promises as they are stored, in a form that a stranger can read and check. Everything else
 * about it (who answered what, how it ended and why) can be computed from them, and is.
 *
 * V1 It is the same each time once the approval has ended: only promises that its end waits for are in it, and those that say
 *    whether an answer was taken back, as they were at the end.
 * V2 It holds nothing that lets anybody do something: no URL of a receiver, and not the names of presses.
 */
import { z } from "zod";
import { childId, KIND_TAG } from "../approval/ids.ts";
import { judgementOf, type StoredRecord } from "../approval/stored.ts";
import { canonicalHash } from "../lib/canonical-hash.ts";

const instant = z.iso.datetime();

const promiseSchema = z.strictObject({
  id: z.string(),
  /** `approval`, `end`, `ballot`, `undo` or `step`. */
  kind: z.enum(["approval", "end", "ballot", "undo", "step"]),
  state: z.enum(["pending", "resolved", "rejected", "canceled", "timedout"]),
  /** What it was created with. */
  param: z.exactOptional(z.json()),
  /** What it was settled with. */
  value: z.exactOptional(z.json()),
  /** By the engine's clock, as the others. */
  createdAt: instant,
  /** Absent: never. */
  timeoutAt: z.exactOptional(instant),
  settledAt: z.exactOptional(instant),
});

/** One promise. Times are ISO 8601 instants. */
type EvidencePromise = z.output<typeof promiseSchema>;

/** The last instant that a `Date` can be (ECMA-262). What times out later never does. */
const INSTANT_MAX_MS = 8_640_000_000_000_000;

/** More than any approval has: each of 50 approvers in each of 10 rounds has a ballot, a mail and a judgement. */
const PROMISES_MAX = 10_000;

export const evidenceSchema = z.strictObject({
  v: z.literal(1),
  /** The approval first; then the promises below it, by their position. */
  promises: z.array(promiseSchema).min(1).max(PROMISES_MAX),
});

export type Evidence = z.output<typeof evidenceSchema>;

/** @param children direct children of the approval, by position */
export function evidenceOf(root: StoredRecord, children: readonly StoredRecord[]): Evidence {
  const below = children.flatMap((child): EvidencePromise[] => {
    const kind = kindOf(child, root);
    return kind === undefined ? [] : [promiseOf(kind === "undo" ? undoAtEnd(child, root) : child, kind)];
  });
  return { v: 1, promises: [promiseOf(root, "approval"), ...below] };
}

/** SHA-256 in hexadecimal over the form of RFC 8785. */
export function evidenceHash(evidence: Evidence): string {
  return canonicalHash(evidence);
}

/** The promises again, as the product reads them. */
export function recordsOf({ promises }: Evidence): {
  readonly root: StoredRecord | undefined;
  readonly children: readonly StoredRecord[];
} {
  const [root, ...children] = promises.map(recordOf);
  return { root, children };
}

/** Undefined of what proves nothing: mails, timers, notices, callbacks. */
function kindOf(child: StoredRecord, root: StoredRecord): EvidencePromise["kind"] | undefined {
  const kind = child.tags[KIND_TAG];
  if (kind === "end" || kind === "ballot" || kind === "undo") return kind;
  if (kind !== undefined) return undefined;
  // Where a schedule started it, the step beside the first end settles who is away and whose the addresses are.
  const isStart = child.id === childId(root.id, 1);
  return isStart || judgementOf(child) !== undefined ? "step" : undefined;
}

/** Where nothing could be taken back the end does not wait for it, and it times out some time later: V1. */
function undoAtEnd(undo: StoredRecord, { settledAt: endedAt }: StoredRecord): StoredRecord {
  if (undo.settledAt === undefined || endedAt === undefined || undo.settledAt <= endedAt) return undo;
  const { settledAt: _, ...open } = undo;
  return { ...open, state: "pending", value: undefined };
}

function promiseOf(record: StoredRecord, kind: EvidencePromise["kind"]): EvidencePromise {
  const { id, state, param, value, createdAt, timeoutAt, settledAt } = record;
  return {
    id,
    kind,
    state,
    ...jsonMember("param", kind === "approval" ? withoutReceiver(param) : param),
    ...jsonMember("value", withoutNonce(value)),
    createdAt: iso(createdAt),
    ...(timeoutAt > INSTANT_MAX_MS ? {} : { timeoutAt: iso(timeoutAt) }),
    ...(settledAt === undefined ? {} : { settledAt: iso(settledAt) }),
  };
}

function recordOf(promise: EvidencePromise): StoredRecord {
  const { id, kind, state, param, value, createdAt, timeoutAt, settledAt } = promise;
  return {
    id,
    state,
    param,
    value: withNonce(value),
    tags: kind === "step" ? {} : { [KIND_TAG]: kind },
    createdAt: Date.parse(createdAt),
    timeoutAt: timeoutAt === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(timeoutAt),
    ...(settledAt === undefined ? {} : { settledAt: Date.parse(settledAt) }),
  };
}

/** As JSON has it: members that are undefined are none. */
function jsonMember<Name extends string>(
  name: Name,
  value: unknown,
): { readonly [name in Name]?: z.core.util.JSONType } {
  const text = JSON.stringify(value);
  return (text === undefined ? {} : { [name]: JSON.parse(text) }) as never;
}

/** The URL that events go to may hold what nobody else may know. Nobody who was asked has seen it. */
function withoutReceiver(param: unknown): unknown {
  if (!isObject(param) || !Array.isArray(param["args"])) return param;
  const [request, ...others] = param["args"] as unknown[];
  if (!isObject(request)) return param;
  const { callbackUrl: _, ...shown } = request;
  return { ...param, args: [shown, ...others] };
}

/** Decisions and acts carry the random name of the press that made them. It proves nothing. */
function withoutNonce(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { nonce: _, ...others } = value;
  return others;
}

function withNonce(value: unknown): unknown {
  return isObject(value) && "kind" in value && !("nonce" in value) ? { ...value, nonce: "" } : value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Error);
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

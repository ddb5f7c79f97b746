/**
 * Steps of the built-in workflows are stored with fewer requests. The SDK stores each step twice: once when it begins, and
 * once with its result. A tag on the step asks the worker (`worker/runtime/step-network.ts`) to store it once, or never.
 *
 * A step that is stored when it has ended is created settled: as a timer whose time is over, which every server resolves
 * at once. A promise that is created cannot bring a value along, so its result is its parameter. Everything that reads
 * records reads them through `stepRecord`.
 */
import type { PromiseCreateReq, PromiseRecord, PromiseSettleReq, Value } from "@resonatehq/sdk";
import { TAG } from "../protocol/tags.ts";
import { decodeShared } from "./value.ts";

export const STEP_TAG = "countersign:step";

/**
 * `at-end`: once, with its result.
 * `never`: not at all. For the last step before a workflow's result, if it comes to the same when it runs again.
 * `unless-last`: as `at-end`, or as `never` if the result is a `LastResult`. For a step that knows only at its end whether
 * another one follows.
 *
 * A step that fails is stored as the SDK stores it, whatever it asks for.
 */
export type StepStorage = "at-end" | "never" | "unless-last";

const STORAGES: readonly string[] = ["at-end", "never", "unless-last"] satisfies StepStorage[];

/** Of a step after which its workflow makes nothing durable, and which comes to the same when it runs again. */
export interface LastResult {
  readonly isLast: true;
}

export function storageOf(tags: Readonly<Record<string, string>>): StepStorage | undefined {
  const storage = tags[STEP_TAG];
  return STORAGES.includes(storage ?? "") ? (storage as StepStorage) : undefined;
}

/** Whether a step that ended with this value, as it would be stored, is stored. */
export function isStored(storage: StepStorage | undefined, value: Value): boolean {
  if (storage !== "unless-last") return storage !== "never";
  const result = decodeShared(value) as Partial<LastResult> | null | undefined;
  return result?.isLast !== true;
}

/** In the headers of the parameter: what would be the parameter of a step that is stored when it begins. */
const PARAM = "countersign:param";

/** The request that stores a step with its result. `overAtMs` is any time that is over at the engine. */
export function createEnded(
  create: PromiseCreateReq,
  { data: { value } }: PromiseSettleReq,
  overAtMs: number,
): PromiseCreateReq {
  const { data } = create;
  const param = { ...value, headers: { ...value.headers, [PARAM]: data.param.data ?? "" } };
  const tags = { ...data.tags, [STEP_TAG]: "at-end", [TAG.timer]: "true" };
  return { ...create, data: { ...data, timeoutAt: overAtMs, param, tags } };
}

/** A record as if it had been created when the step began, and settled with its result; others as they are. */
export function stepRecord(record: PromiseRecord): PromiseRecord {
  const { tags, timeoutAt, settledAt = timeoutAt } = record;
  const { [PARAM]: data, ...headers } = record.param.headers ?? {};
  if (tags[STEP_TAG] !== "at-end" || data === undefined) return record;
  return {
    ...record,
    state: "resolved",
    param: { headers: {}, data },
    value: { ...record.param, headers },
    settledAt,
  };
}

import { KIND_TAG } from "../approval/ids.ts";
import type { StoredPromise } from "../durable/durable.ts";
import { isStep, isTimer, targetOf } from "../durable/lineage.ts";

/**
 * What a promise is, read from its tags: `approval`, `ballot` or `end` for those of an approval, else `workflow`,
 * `step`, `timer` or, for one that something outside is to settle, `promise`.
 */
export function kindOf({ tags, param }: StoredPromise): string {
  const own = tags[KIND_TAG];
  if (own !== undefined) return own;
  if (isTimer(tags)) return "timer";
  if (isStep(tags)) return "step";
  return targetOf(tags) !== undefined && callOf(param) !== undefined ? "workflow" : "promise";
}

export interface CallDescription {
  readonly func: string;
  readonly version?: number;
  /** Steps do not store theirs. */
  readonly args?: readonly unknown[];
}

/** The call that a promise represents, if it represents one. */
export function callOf(param: unknown): CallDescription | undefined {
  if (typeof param !== "object" || param === null || !("func" in param)) return undefined;
  if (typeof param.func !== "string") return undefined;
  return {
    func: param.func,
    ...("version" in param && typeof param.version === "number" ? { version: param.version } : {}),
    ...("args" in param && Array.isArray(param.args) ? { args: param.args } : {}),
  };
}

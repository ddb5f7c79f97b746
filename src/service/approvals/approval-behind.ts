import { APPROVAL_BY_NAME_CHILD, childId } from "../../approval/ids.ts";
import { requestOf } from "../../approval/stored.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";

/**
 * The promise of that id; or, if a program called `approval` by name, the approval below it. The program knows only the
 * id that it chose, and people use that id.
 */
export async function approvalBehind(durable: Durable, id: string): Promise<StoredPromise | undefined> {
  const promise = await durable.read(id);
  if (promise === undefined || !isCalledByName(promise)) return promise;
  return (await durable.read(childId(id, APPROVAL_BY_NAME_CHILD))) ?? promise;
}

function isCalledByName(promise: StoredPromise): boolean {
  const { param } = promise;
  const isApproval =
    typeof param === "object" && param !== null && "func" in param && param.func === "approval";
  return isApproval && requestOf(promise) === undefined;
}

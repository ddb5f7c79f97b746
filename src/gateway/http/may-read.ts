/**
 * Who may see a promise by `GET /wait`: what belongs to an approval (its outcome, its ballots, its end, its steps and
 * callbacks, however deep) is for those who may read approvals; everything else for those who may read workflows. What
 * a caller may not see is not there for them.
 */
import { KIND_TAG, parentId } from "../../approval/ids.ts";
import type { Caller } from "../../auth/authenticate.ts";
import { allows } from "../../auth/scopes.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";

/** The scopes of which one is enough to ask. */
export const READERS = ["workflows:read", "approvals:read"] as const;

export async function mayRead(
  durable: Durable,
  caller: Caller | undefined,
  promise: StoredPromise,
): Promise<boolean> {
  const scopes = caller?.scopes ?? [];
  const [workflows, approvals] = READERS.map((scope) => allows(scopes, [scope]));
  if (workflows === approvals) return workflows === true;
  return (await isOfApproval(durable, promise)) ? approvals === true : workflows === true;
}

/** Reads the ancestors of the promise one after the other, up to the workflow that a caller began. */
async function isOfApproval(durable: Durable, promise: StoredPromise): Promise<boolean> {
  if (isApproval(promise)) return true;
  for (let id = parentId(promise.id); id !== undefined; id = parentId(id)) {
    const above = await durable.read(id);
    if (above !== undefined && isApproval(above)) return true;
  }
  return false;
}

/** By its tag, or by its function: an approval that was started through the engine's protocol has no tag. */
function isApproval({ tags, param }: StoredPromise): boolean {
  return (
    tags[KIND_TAG] === "approval" ||
    (typeof param === "object" && param !== null && "func" in param && param.func === "approval")
  );
}

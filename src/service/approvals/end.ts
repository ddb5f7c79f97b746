import type { Cancellation, Change, Extension } from "../../approval/approval.ts";
import type { Course } from "../../approval/course.ts";
import { endId, KIND_TAG } from "../../approval/ids.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { targetOf, timer } from "../../durable/lineage.ts";

/**
 * Settles the current end of the approval and returns the stored end. If no worker has started the approval, its end does
 * not exist yet. This then creates it as the workflow would. The workflow finds it settled.
 */
export async function settleEnd(
  durable: Durable,
  { root, end, deadlineAtMs }: Pick<Course, "root" | "end" | "deadlineAtMs">,
  value: Cancellation | Extension | Change,
): Promise<StoredPromise> {
  const id = end?.id ?? endId(root.id);
  const settled = await durable.settle(id, value);
  if (settled !== undefined) return settled;
  const address = targetOf(root.tags);
  await durable.create({
    id,
    param: undefined,
    timeoutAt: deadlineAtMs,
    tags: {
      [KIND_TAG]: "end",
      ...(address === undefined ? {} : timer(address)),
    },
  });
  const created = await durable.settle(id, value);
  if (created === undefined) throw new Error(`Cannot settle the end of ${root.id}: it was deleted`);
  return created;
}

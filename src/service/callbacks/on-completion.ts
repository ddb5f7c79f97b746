import {
  ABOUT_TAG,
  CALLBACK_KIND,
  CALLBACK_LIFE_MS,
  COMPLETION_FUNC,
  completionCallbackId,
} from "../../approval/callback.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { storedCallbackOf } from "../../approval/stored-callback.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";

/**
 * Sends a callback when a workflow ends, however it ends. Repeated, it is the same callback.
 *
 * @throws ServiceError CONFLICT if another receiver is already set; the workflow still runs
 */
export async function callBackOnCompletion(
  durable: Durable,
  workflow: StoredPromise,
  url: string,
): Promise<void> {
  const stored = await durable.start({
    id: completionCallbackId(workflow.id),
    func: COMPLETION_FUNC,
    args: [{ workflow: workflow.id, to: { kind: "url", url }, bornAtMs: workflow.createdAt }],
    timeoutAt: workflow.timeoutAt + CALLBACK_LIFE_MS,
    tags: { [KIND_TAG]: CALLBACK_KIND, [ABOUT_TAG]: workflow.id },
  });
  const to = storedCallbackOf(stored)?.to;
  if (to?.kind === "url" && to.url === url) return;
  throw new ServiceError(
    "CONFLICT",
    `${workflow.id} was begun with another callbackUrl, which stays. The workflow is not affected`,
  );
}

/** An approval as programs see it, for the routes that show one. */
import { explained } from "../../approval/explained.ts";
import { isPromiseId } from "../../approval/ids.ts";
import { requestOf } from "../../approval/stored.ts";
import { type ApprovalView, summarize } from "../../approval/view.ts";
import { explanationText } from "../../approval/wording.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Messages } from "../../lib/messages.ts";
import { approvalBehind } from "../../service/approvals/approval-behind.ts";
import type { StoredApproval } from "../../service/approvals/cancel.ts";
import { readReturns } from "../../service/approvals/returned.ts";

/** @throws ServiceError NOT_FOUND if there is no approval of that id */
export async function approvalNamed(
  durable: Durable,
  named: string | string[] | undefined,
): Promise<StoredApproval> {
  const id = String(named);
  const root = isPromiseId(id) ? await approvalBehind(durable, id) : undefined;
  const request = root && requestOf(root);
  if (root === undefined || request === undefined) throw unknownApproval(id);
  return { root, request };
}

export function unknownApproval(id: string): ServiceError {
  return new ServiceError("NOT_FOUND", `There is no approval "${id.slice(0, 64)}"`);
}

export interface ViewOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * @param root read before this is called: children then show at least what the root's state follows from
 * @param messages in the reader's language
 * @throws ServiceError NOT_FOUND if it is no approval
 */
export async function readView(
  { durable, clock }: ViewOptions,
  root: StoredPromise,
  messages: Messages,
): Promise<{ readonly view: ApprovalView; readonly children: readonly StoredPromise[] }> {
  const children = await durable.children(root.id);
  const view = summarize(
    root,
    children,
    (course) => explained(course, clock(), (explanation) => explanationText(explanation, messages, {})),
    await readReturns(durable, root, children),
  );
  if (view === undefined) throw unknownApproval(root.id);
  return { view, children };
}

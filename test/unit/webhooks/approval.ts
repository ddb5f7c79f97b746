import type { Ballot } from "../../../src/approval/approval.ts";
import { APPROVAL_SLACK_MS } from "../../../src/approval/request.ts";
import type { Durable } from "../../../src/durable/durable.ts";

/** An approval as its workflow leaves it when everybody is asked, without the worker. */
export async function askedApproval(
  durable: Durable,
  id: string,
  approvers: readonly string[],
): Promise<void> {
  const deadlineAt = Date.now() + 3_600_000;
  const request = {
    title: "Order",
    details: [],
    approvers: approvers.map((email) => ({ email })),
    require: "any",
    rejection: "veto",
    deadline: "PT1H",
    onDeadline: "expire",
    metadata: {},
  };
  await durable.start({
    id,
    func: "approval",
    args: [request],
    timeoutAt: deadlineAt + APPROVAL_SLACK_MS,
    tags: { "countersign:kind": "approval" },
  });
  const children = { timeoutAt: deadlineAt };
  await durable.create({ id: `${id}:0`, param: undefined, ...children, tags: { "countersign:kind": "end" } });
  for (const [i, email] of approvers.entries()) {
    const param: Ballot = {
      kind: "ballot",
      approval: id,
      n: i + 1,
      approver: { email },
      recipient: "x".repeat(22),
      gen: 0,
    };
    await durable.create({
      id: `${id}:${i + 1}`,
      param,
      ...children,
      tags: { "countersign:kind": "ballot" },
    });
  }
}

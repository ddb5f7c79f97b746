/** An approval of an action as a worker leaves it behind, without any worker: promises that look as if people had answered. */
import type { OutcomeKind } from "../../src/approval/approval.ts";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { parseApprovalRequest } from "../../src/approval/request.ts";
import { approvalCall } from "../../src/approval/starting.ts";
import type { Durable, StoredPromise } from "../../src/durable/durable.ts";

export const ACTION = {
  tool: "payments.transfer",
  arguments: { to: "DE02 1203 0000 0000 2020 51", amount: 41_200, items: ["a", { b: null }] },
  target: "the account of the company",
  audience: "payments",
} as const;

/** What an executor sends to consume it. */
export const WANTED = { arguments: ACTION.arguments, audience: ACTION.audience } as const;

export interface ActionOptions {
  readonly action?: object | undefined;
  /** In place of an action. */
  readonly items?: readonly object[];
  readonly atomic?: boolean;
  readonly nowMs?: number;
}

/** Starts it; nobody has answered yet. */
export async function askedAction(
  durable: Durable,
  id: string,
  { action = ACTION, items, atomic, nowMs = Date.now() }: ActionOptions = {},
): Promise<StoredPromise> {
  const single = "tool" in action ? { action } : {};
  const asked = items === undefined ? single : { items, ...(atomic === undefined ? {} : { atomic }) };
  const read = parseApprovalRequest(
    { title: "Pay the invoice", approvers: ["ana@example.com"], ...asked },
    { nowMs, callbackUrlProblem: () => undefined },
  );
  if (!read.ok) throw new TypeError(JSON.stringify(read.problems));
  const call = approvalCall(read.value, read.terms);
  return await durable.start({ id, ...call, tags: { [KIND_TAG]: "approval" } });
}

/** What a worker settles it with. */
export function outcomeOf(id: string, outcome: OutcomeKind, given: object = ACTION.arguments): object {
  const decision = { n: 1, email: "ana@example.com", choice: outcome === "approved" ? "approve" : "reject" };
  return {
    approval: id,
    outcome,
    reason: "Ana has answered",
    decisions: outcome === "cancelled" ? [] : [{ ...decision, at: new Date(0).toISOString(), door: "mail" }],
    action: { digest: "d".repeat(64), ...(outcome === "approved" ? { arguments: given } : {}) },
    metadata: {},
  };
}

/** Starts and approves it. @returns its root */
export async function approvedAction(
  durable: Durable,
  id: string,
  options: ActionOptions = {},
): Promise<StoredPromise> {
  await askedAction(durable, id, options);
  const root = await durable.settle(id, outcomeOf(id, "approved"));
  if (root === undefined) throw new Error("It is not there");
  return root;
}

/** Several actions in one approval, of which these were approved, by their numbers. */
export async function approvedItems(
  durable: Durable,
  id: string,
  { approved, ...options }: ActionOptions & { readonly approved: readonly number[] },
): Promise<StoredPromise> {
  await askedAction(durable, id, options);
  const items = (options.items ?? []) as readonly { readonly arguments: object }[];
  const told = items.map((item, i) => ({ n: i + 1, arguments: item.arguments }));
  const action = { digest: "d".repeat(64), items: told.filter(({ n }) => approved.includes(n)) };
  const root = await durable.settle(id, { ...outcomeOf(id, "approved"), action });
  if (root === undefined) throw new Error("It is not there");
  return root;
}

/**
 * `POST /first-approval`: the button on the home page of a development setup. It asks for a decision whose mail ends up in
 * the development mailbox, and leads there. It exists only where that mailbox does, for browsers on the same machine.
 */
import type { IRouter } from "express";
import { summarize } from "../../approval/view.ts";
import { isLocalRequest } from "../../lib/caller-address.ts";
import { ServiceError } from "../../lib/errors.ts";
import { type StartApprovalOptions, startApproval } from "../../service/approvals/start.ts";
import { gone } from "../http/gone.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";

export interface FirstApprovalOptions extends StartApprovalOptions {
  /** Trusted reverse proxies in front, as Express counts them. */
  readonly trustProxyHops: number;
}

export function addFirstApprovalRoute(router: IRouter, options: FirstApprovalOptions): void {
  addRoute(router, "/first-approval", {
    POST: async (req, res) => {
      if (!isLocalRequest(req, options.trustProxyHops))
        throw new ServiceError("FORBIDDEN", "Only browsers on this machine can use this form");
      const { id } = await startApproval(options, { body: FIRST_APPROVAL, idempotencyKeys: [] });
      await whenMailed(options, id, gone(res));
      seeOther(res, "/mailbox");
    },
  });
}

const FIRST_APPROVAL = {
  title: "Order 40 laptops",
  summary: "The old ones are **five years** old, and their batteries last an hour.",
  details: [
    { label: "Amount", value: "41,200 €" },
    { label: "Supplier", value: "Example Ltd" },
  ],
  requester: { email: "kim@example.com", name: "Kim" },
  approvers: [{ email: "ana@example.com", name: "Ana" }],
  deadline: "P5D",
};

/** Usually some milliseconds. A mailbox without the mail would puzzle a newcomer more than a slow button. */
const MAIL_WAIT_MS = 3_000;
const LOOK_MS = 25;

async function whenMailed({ durable }: StartApprovalOptions, id: string, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + MAIL_WAIT_MS;
  while (performance.now() < untilMs && !signal.aborted) {
    const root = await durable.read(id);
    const view = root && summarize(root, await durable.children(id));
    if (view === undefined || view.ballots.some(({ mail }) => mail?.status !== "pending")) return;
    await durable.waitFor(id, { timeoutMs: LOOK_MS, signal });
  }
}

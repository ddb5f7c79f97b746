import type { Response } from "express";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Actor } from "../../service/approvals/act.ts";
import { cancelApproval, type StoredApproval } from "../../service/approvals/cancel.ts";
import { audit } from "../http/audit.ts";
import { gone } from "../http/gone.ts";

export interface CancelOptions {
  readonly durable: Durable;
  /** Aborted when the process is asked to stop. */
  readonly draining: AbortSignal;
  readonly outcomeWaitMs?: number | undefined;
}

/** Cancels it and writes down who did or tried it. @throws what `cancelApproval` throws */
export async function cancelAudited(
  { durable, draining, outcomeWaitMs }: CancelOptions,
  res: Response,
  approval: StoredApproval,
  call: Actor & { readonly reason?: string | undefined },
): Promise<{ readonly root: StoredPromise; readonly effective: boolean }> {
  const record = (outcome: string) =>
    audit(res, { what: "cancel", about: approval.root.id, nonce: call.nonce, outcome });
  const signal = AbortSignal.any([draining, gone(res)]);
  const cancelled = await cancelApproval({ durable, signal, outcomeWaitMs }, approval, call).catch(
    (error: unknown) => {
      if (error instanceof ServiceError && error.code === "CONFLICT") record("too late");
      throw error;
    },
  );
  record(cancelled.effective ? "stored" : "repeated");
  return cancelled;
}

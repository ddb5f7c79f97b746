/** What a program is told about its settlement: whether this call decided, and what is stored. */
import type { Response } from "express";
import type { StoredPromise } from "../../durable/durable.ts";
import { isTimer } from "../../durable/lineage.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import { ServiceError } from "../../lib/errors.ts";
import { asStored, type Settlement, type SettleRequest } from "../../service/promises/settle.ts";

/**
 * Sets the status and returns what the body must say. 200: the requested value is stored, by this call or an earlier
 * one. 409: another value is stored. 410: the promise timed out first.
 *
 * @throws ServiceError NOT_FOUND or FORBIDDEN
 */
export function toldBy(
  res: Response,
  settlement: Settlement,
  asked: SettleRequest,
): Extract<Settlement, { kind: "settled" }> {
  if (settlement.kind === "unknown") {
    throw new ServiceError("NOT_FOUND", `There is no promise "${asked.id.slice(0, 64)}"`);
  }
  if (settlement.kind === "closed") {
    throw new ServiceError("FORBIDDEN", `The promise ${asked.id.slice(0, 64)} ${settlement.why}`);
  }
  const { record, effective } = settlement;
  const { as, value } = asStored(record, asked);
  const isSame = record.state === as && isSameJson(record.value ?? null, value ?? null);
  res.status(effective || isSame ? 200 : isOver(record) ? 410 : 409);
  return settlement;
}

/** Whether the clock settled it. A wait for a webhook is a timer, which resolves then, without a value. */
function isOver({ state, tags, value }: StoredPromise): boolean {
  return state === "timedout" || (isTimer(tags) && value === undefined);
}

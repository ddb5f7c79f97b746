/** Which program does something, and by which call. */
import type { Request, Response } from "express";
import { ServiceError } from "../../lib/errors.ts";
import type { Actor } from "../../service/approvals/act.ts";
import { IDEMPOTENCY_KEY_RULE, idFromKeys, nonceFromKey } from "../../service/idempotency-key.ts";
import { callerOf } from "../http/auth.ts";
import { idempotencyKeysOf } from "../http/idempotency-key.ts";

/** @throws ServiceError INVALID_FIELDS if the request has an idempotency key that can be none */
export function actorOf(req: Request, res: Response, newNonce: () => string): Actor {
  const caller = callerOf(res)?.id;
  const keys = idempotencyKeysOf(req);
  const key = keys.length === 0 ? undefined : idFromKeys(keys);
  if (keys.length > 0 && key === undefined) {
    const problems = [{ field: "Idempotency-Key", message: IDEMPOTENCY_KEY_RULE }];
    throw new ServiceError("INVALID_FIELDS", "The idempotency key is wrong", { problems });
  }
  const nonce = key === undefined ? newNonce() : nonceFromKey(caller, key);
  return { door: "api", nonce, ...(caller === undefined ? {} : { caller }) };
}

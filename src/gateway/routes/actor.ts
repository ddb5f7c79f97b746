/** Who does something, and by which call or form. */
import type { Request, Response } from "express";
import { type Program, programOf } from "../../approval/doer.ts";
import type { Durable } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { ActOptions, Actor } from "../../service/approvals/act.ts";
import {
  IDEMPOTENCY_KEY_RULE,
  idFromKeys,
  nonceFromKey,
  nonceFromPress,
} from "../../service/idempotency-key.ts";
import { callerOf } from "../http/auth.ts";
import { gone } from "../http/gone.ts";
import { idempotencyKeysOf } from "../http/idempotency-key.ts";
import type { ActForm } from "../pages/act-form.ts";

/**
 * Names what a person does by a form of ours. The same form sent twice, as by a double click, is one act. A form
 * that is filled in differently, or loaded again, is another act.
 */
export function nonceOfForm(
  act: string,
  { press, values }: Pick<ActForm, "press" | "values">,
  newNonce: () => string,
): string {
  return press === undefined ? newNonce() : nonceFromPress(press, [act, ...values]);
}

/** For acts on open approvals. Waiting for a worker ends when the caller hangs up or the process is asked to stop. */
export function actOptionsOf(
  {
    durable,
    clock,
    draining,
    outcomeWaitMs,
    known,
  }: Omit<ActOptions, "signal"> & { readonly durable: Durable; readonly draining: AbortSignal },
  res: Response,
): ActOptions {
  return { durable, clock, outcomeWaitMs, known, signal: AbortSignal.any([draining, gone(res)]) };
}

/** The program that calls. @throws ServiceError INVALID_FIELDS if the request has an idempotency key that can be none */
export function actorOf(req: Request, res: Response, newNonce: () => string): Actor {
  const caller = callerOf(res)?.id;
  const keys = idempotencyKeysOf(req);
  const key = keys.length === 0 ? undefined : idFromKeys(keys);
  if (keys.length > 0 && key === undefined) {
    const problems = [{ field: "Idempotency-Key", message: IDEMPOTENCY_KEY_RULE }];
    throw new ServiceError("INVALID_FIELDS", "The idempotency key is wrong", { problems });
  }
  const nonce = key === undefined ? newNonce() : nonceFromKey(caller, key);
  return { door: "api", nonce, ...programIn(res) };
}

/** The program that calls, as records name it. */
export function programIn(res: Response): Program {
  const { id, name } = callerOf(res) ?? {};
  return programOf({ caller: id, client: name });
}

/** `POST /callbacks/:token`: a URL that a workflow handed to another system (see `worker/authoring/callback-url.ts`). */
import type { IRouter } from "express";
import type { Durable } from "../../durable/durable.ts";
import { assertStorable } from "../../durable/storable.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { type SettleRequest, settleLatent } from "../../service/promises/settle.ts";
import type { CallbackUrl, LinkTokens } from "../../tokens/tokens.ts";
import { audit, noteRefusal } from "../http/audit.ts";
import { readJson } from "../http/body.ts";
import { requestIdOf } from "../http/context.ts";
import { addRoute } from "../http/routes.ts";
import { toldBy } from "./settlement.ts";

export interface CallbackUrlRoutesOptions {
  readonly durable: Durable;
  readonly tokens: LinkTokens;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** 128 random bits in base64url: the name of one call. */
  readonly newNonce: () => string;
}

export function addCallbackUrlRoutes(
  router: IRouter,
  { durable, tokens, log, clock, newNonce }: CallbackUrlRoutesOptions,
): void {
  addRoute(router, "/callbacks/:token", {
    POST: async (req, res) => {
      const verified = tokens.verifyCallbackUrl(String(req.params["token"]), clock());
      const refusal = verified.ok ? await otherWorkflow(durable, verified.value) : verified.reason;
      if (!verified.ok || refusal !== undefined) {
        noteRefusal(res, `callback URL: ${refusal}`);
        log.info({ requestId: requestIdOf(res), reason: refusal }, "callback refused");
        throw new ServiceError("FORBIDDEN", "This URL cannot be used");
      }
      const value = (await readJson(req))?.value ?? null;
      assertStorable(value, "body");
      const asked: SettleRequest = {
        id: verified.value.pid,
        door: "callback",
        as: "resolved",
        value,
        nonce: newNonce(),
      };
      const { record, effective } = toldBy(res, await settleLatent(durable, asked), asked);
      audit(res, {
        who: "callback-url",
        what: "resolve",
        about: record.id,
        nonce: asked.nonce,
        outcome: effective ? "stored" : "too late",
      });
      log.info({ requestId: requestIdOf(res), promise: record.id, effective }, "called back");
      // This caller must not learn what another one has stored.
      res.json({ status: record.state, effective });
    },
  });
}

/** Why the workflow of this id is not the one that made the URL; undefined if it is. */
async function otherWorkflow(
  durable: Durable,
  { workflow, workflowEndsAtMs }: CallbackUrl,
): Promise<string | undefined> {
  const found = await durable.read(workflow);
  if (found === undefined) return "no-workflow";
  return found.timeoutAt === workflowEndsAtMs ? undefined : "other-workflow";
}

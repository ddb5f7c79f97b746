/** `POST /approvals/:id/consume`: an executor takes an approved action, to run it once. `POST /approvals/:id/revoke` prevents that. */
import type { IRouter, Request } from "express";
import { consumeRequest, revokeRequest } from "../../approval/consume-request.ts";
import { isPromiseId } from "../../approval/ids.ts";
import { useViews } from "../../approval/use-view.ts";
import { allows } from "../../auth/scopes.ts";
import type { Durable } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { ConsumedAction, RevokedAction } from "../../openapi/consume-schemas.ts";
import { consumeAction } from "../../service/approvals/consume.ts";
import { consumeFailure, consumeOutcome, revokeFailure } from "../../service/approvals/consume-failure.ts";
import { createLastSlots } from "../../service/approvals/last-slots.ts";
import { revokeAction } from "../../service/approvals/revoke.ts";
import { nonceFromKey } from "../../service/idempotency-key.ts";
import type { Signer } from "../../signing/signer.ts";
import { audit } from "../http/audit.ts";
import { callerOf, type Needs } from "../http/auth.ts";
import { bodyOf } from "../http/call-body.ts";
import { noteApproval } from "../http/context.ts";
import { addRoute } from "../http/routes.ts";
import { actorOf, programIn } from "./actor.ts";

export interface ConsumeRoutesOptions {
  readonly needs: Needs;
  readonly durable: Durable;
  readonly signer: Signer;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly newNonce: () => string;
}

const consumeBody = bodyOf("consume", consumeRequest, { hasUniqueNames: true });
const revokeBody = bodyOf("revoke", revokeRequest);

export function addConsumeRoutes(router: IRouter, options: ConsumeRoutesOptions): void {
  const { needs, signer } = options;
  const consuming = { ...options, slots: createLastSlots(options.durable) };

  addRoute(router, "/approvals/:id/consume", {
    POST: needs("approvals:consume", async (req, res) => {
      const id = approvalIn(req);
      const body = await consumeBody(req);
      const consumed = await consumeAction(consuming, id, { ...body, ...programIn(res) });
      if (consumed.kind === "unknown") throw unknownApproval(id);
      const { approval } = consumed;
      noteApproval(res, approval);
      const nonce = nonceFromKey(callerOf(res)?.id, body.attempt);
      audit(res, { what: "consume", about: approval, nonce, outcome: consumeOutcome(consumed) });
      if (consumed.kind === "refused") throw consumeFailure(consumed);
      const { n, digest, claims } = consumed;
      const answer: ConsumedAction = {
        grant: await signer.sign("countersign-grant+jwt", { ...claims }),
        approval,
        use: n,
        digest,
        expiresAt: new Date(claims.exp * 1_000).toISOString(),
      };
      // It is as good as a key, for one action.
      res.set("Cache-Control", "no-store").json(answer);
    }),
  });

  addRoute(router, "/approvals/:id/revoke", {
    POST: needs(["approvals:cancel", "approvals:manage"], async (req, res) => {
      const id = approvalIn(req);
      const body = await revokeBody(req);
      const actor = actorOf(req, res, options.newNonce);
      const { name, scopes = [] } = callerOf(res) ?? {};
      // What refuses a program is not for its own key to revoke, whatever its scopes are.
      const mayRevokeRefusal = (asker: string | undefined) =>
        allows(scopes, ["approvals:manage"]) && name !== asker;
      const revoked = await revokeAction(options, id, { ...actor, ...body, mayRevokeRefusal });
      if (revoked.kind === "unknown") throw unknownApproval(id);
      const { approval } = revoked;
      const failure = revokeFailure(revoked);
      const { nonce } = actor;
      noteApproval(res, approval);
      const outcome = failure === undefined ? "stored" : failure.code.toLowerCase();
      audit(res, { what: "revoke", about: approval, nonce, outcome });
      if (failure !== undefined || revoked.kind !== "stands") throw failure;
      const { taken, all = [taken] } = revoked;
      const effective = taken.kind === "revoked" && taken.revocation.nonce === nonce;
      res.json({ approval, effective, uses: useViews(all) } satisfies RevokedAction);
    }),
  });
}

function approvalIn(req: Request): string {
  const id = String(req.params["id"]);
  if (!isPromiseId(id)) throw unknownApproval(id);
  return id;
}

function unknownApproval(id: string): ServiceError {
  return new ServiceError("NOT_FOUND", `There is no approval "${id.slice(0, 64)}"`);
}

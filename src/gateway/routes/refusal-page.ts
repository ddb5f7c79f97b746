/**
 * `…/refusal` below the page of a ballot or of a request, by a link or signed in: what is not to be asked again. Only a POST of the
 * form there, with its confirmation, by one of those who said so, takes it back.
 */
import type { IRouter, Response } from "express";
import {
  mayRevokeRefusal,
  revocationIn,
  type StandingRefusal,
  standingRefusal,
} from "../../approval/refusal/standing-refusal.ts";
import { useId } from "../../approval/use.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { revokeRefusal } from "../../service/approvals/refusals.ts";
import { audit } from "../http/audit.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { ACT_FIELDS, type ActForm, readActForm } from "../pages/act-form.ts";
import { nonceOfForm } from "./actor.ts";
import type { Reach, Reached, StandingPageOptions } from "./standing-page.ts";
import { isOwnForm } from "./way.ts";

export function addRefusalPage(
  router: IRouter,
  options: StandingPageOptions,
  route: string,
  reach: Reach,
): void {
  addRoute(router, route, {
    GET: async (req, res) => {
      const reached = await reach(req, res);
      if (reached === undefined) return;
      const refusal = standingRefusal(reached.course.root);
      if (refusal === undefined) return seeOther(res, reached.way.path);
      await show(options, res, reached, { refusal });
    },
    POST: async (req, res) => {
      const reached = await reach(req, res);
      if (reached === undefined) return;
      const { course, reader, way } = reached;
      const form = await readActForm(req, res, ACT_FIELDS.revoke);
      if (!isOwnForm(options, res, way, form)) return;
      const refusal = standingRefusal(course.root);
      if (refusal === undefined) return seeOther(res, way.path);
      const isTheirs = mayRevokeRefusal(refusal, reader.email);
      if (!form.isConfirmed || form.faults.size > 0 || !isTheirs)
        return await show(options, res, reached, { refusal, form });
      const nonce = nonceOfForm("revoke", form, options.newNonce);
      const reason = form.values.get("reason");
      const taken = await revokeRefusal(options, refusal, {
        door: way.door,
        nonce,
        by: reader.email,
        reason,
      });
      const isOwn = taken.kind === "revoked" && taken.revocation.nonce === nonce;
      const outcome = isOwn ? "stored" : "too late";
      audit(res, {
        who: way.who,
        what: "revoke",
        about: course.root.id,
        approval: course.root.id,
        nonce,
        outcome,
      });
      seeOther(res, `${way.path}/refusal`);
    },
  });
}

async function show(
  options: StandingPageOptions,
  res: Response,
  { course, reader, way }: Reached,
  { refusal, form }: { readonly refusal: StandingRefusal; readonly form?: ActForm },
): Promise<void> {
  const { durable, pages, newNonce } = options;
  pages.render(res, {
    status: form === undefined ? 200 : 422,
    view: "standingRefusal",
    data: {
      reader,
      title: course.request.title,
      back: way.path,
      refusal,
      revoked: revocationIn(await durable.read(useId(course.root.id, 1))),
      nowMs: knownTime(options),
      isTheirs: mayRevokeRefusal(refusal, reader.email),
      form: { values: form?.values ?? new Map(), faults: form?.faults ?? new Map(), press: newNonce() },
      ...(way.visitor && { visitor: way.visitor }),
    },
  });
}

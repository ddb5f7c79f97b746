/**
 * `…/standing` below the page of a ballot or of a request, by a link or signed in: what became of a standing approval, for those
 * who granted it and for the requester. Only a POST of the form there, with its confirmation, revokes it.
 */
import type { IRouter, Request, Response } from "express";
import type { Person } from "../../approval/approval.ts";
import type { Course } from "../../approval/course.ts";
import { type GrantedStanding, grantedStanding, mayRevoke } from "../../approval/limits/granted.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { readStandingUses, revokeStanding } from "../../service/approvals/standing-uses.ts";
import { audit } from "../http/audit.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { ACT_FIELDS, type ActForm, readActForm } from "../pages/act-form.ts";
import type { Pages } from "../pages/pages.ts";
import { nonceOfForm } from "./actor.ts";
import { isOwnForm, type Way } from "./way.ts";

export interface StandingPageOptions {
  readonly durable: Durable;
  readonly pages: Pages;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** 128 random bits in base64url: the name of one press. */
  readonly newNonce: () => string;
}

/** An approval, and who has come to it. */
export interface Reached {
  readonly course: Course;
  readonly reader: Person;
  /** To the page that this one is below. */
  readonly way: Way;
}

/** How the routes of one way find the approval; undefined: the answer is given already. */
export type Reach = (req: Request, res: Response) => Promise<Reached | undefined>;

export function addStandingPage(
  router: IRouter,
  options: StandingPageOptions,
  route: string,
  reach: Reach,
): void {
  addRoute(router, route, {
    GET: async (req, res) => {
      const reached = await reach(req, res);
      if (reached === undefined) return;
      const granted = grantedFor(reached);
      if (granted === undefined) return seeOther(res, reached.way.path);
      await show(options, res, reached, { granted });
    },
    POST: async (req, res) => {
      const reached = await reach(req, res);
      if (reached === undefined) return;
      const { reader, way } = reached;
      const form = await readActForm(req, res, ACT_FIELDS.revoke);
      if (!isOwnForm(options, res, way, form)) return;
      const granted = grantedFor(reached);
      if (granted === undefined) return seeOther(res, way.path);
      if (!form.isConfirmed || form.faults.size > 0)
        return await show(options, res, reached, { granted, form });
      const nonce = nonceOfForm("revoke", form, options.newNonce);
      const reason = form.values.get("reason");
      const actor = { door: way.door, nonce, by: reader.email, reason };
      const { approval } = granted;
      const revoked = await revokeStanding(options, granted, actor);
      const isDone = revoked.kind === "revoked";
      const isOwn = isDone && revoked.revocation.nonce === nonce;
      const outcome = isOwn ? "stored" : "too late";
      audit(res, { who: way.who, what: "revoke", about: approval, approval, nonce, outcome });
      // It is revoked, as the person wanted, even if somebody else was first.
      if (isDone) return seeOther(res, `${way.path}/standing`);
      await show(options, res, reached, { granted, isLate: true });
    },
  });
}

/** Undefined if there is nothing here for the reader. */
function grantedFor({ course: { root }, reader }: Reached): GrantedStanding | undefined {
  const granted = grantedStanding(root);
  return granted !== undefined && mayRevoke(root, granted, reader.email) ? granted : undefined;
}

async function show(
  options: StandingPageOptions,
  res: Response,
  { course, reader, way }: Reached,
  {
    granted,
    form,
    isLate = false,
  }: { readonly granted: GrantedStanding; readonly form?: ActForm; readonly isLate?: boolean },
): Promise<void> {
  const { durable, pages, newNonce } = options;
  pages.render(res, {
    status: isLate ? 409 : form === undefined ? 200 : 422,
    view: "standingApproval",
    data: {
      reader,
      title: course.request.title,
      back: way.path,
      granted,
      uses: await readStandingUses(durable, granted),
      nowMs: knownTime(options),
      form: { values: form?.values ?? new Map(), faults: form?.faults ?? new Map(), press: newNonce() },
      isLate,
      ...(way.visitor && { visitor: way.visitor }),
    },
  });
}

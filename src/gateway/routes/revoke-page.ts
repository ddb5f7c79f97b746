/**
 * A page below that of a ballot or of a request, by a link or signed in, that shows something that stands, such as a standing approval
 * or a standing refusal. Only a POST of the form there, with its confirmation, revokes it.
 */
import type { IRouter, Request, Response } from "express";
import type { Person } from "../../approval/approval.ts";
import type { Course } from "../../approval/course.ts";
import type { Revocation } from "../../approval/use.ts";
import type { Durable } from "../../durable/durable.ts";
import type { Actor } from "../../service/approvals/act.ts";
import { audit } from "../http/audit.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { ACT_FIELDS, type ActForm, readActForm } from "../pages/act-form.ts";
import type { Pages } from "../pages/pages.ts";
import { nonceOfForm } from "./actor.ts";
import { isOwnForm, type Way } from "./way.ts";

/** What the pages of people's own approvals need. */
export interface OwnPageOptions {
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
export type ReachOwn = (req: Request, res: Response) => Promise<Reached | undefined>;

/** What stands, and how it is shown and revoked. */
export interface Revocable<Found> {
  /** Undefined if there is nothing here for the reader. */
  readonly find: (reached: Reached) => Found | undefined;
  /** Whether the reader can revoke it. Default: whoever sees it can. */
  readonly mayRevoke?: (found: Found, reached: Reached) => boolean;
  /** Answers what is stored then, also where another was first. */
  readonly revoke: (
    options: OwnPageOptions,
    found: Found,
    actor: Actor & { readonly reason?: string | undefined },
  ) => Promise<{ readonly kind: "revoked"; readonly revocation: Revocation } | { readonly kind: string }>;
  readonly show: (
    options: OwnPageOptions,
    res: Response,
    reached: Reached,
    shown: Shown<Found>,
  ) => Promise<void>;
}

export interface Shown<Found> {
  readonly found: Found;
  /** The form that was sent, if it was not done. */
  readonly form?: ActForm;
  /** Whether it was sent too late. */
  readonly isLate?: boolean;
}

/** @param name the last part of the page's path */
export function addRevokePage<Found>(
  router: IRouter,
  options: OwnPageOptions,
  { route, name, reach }: { readonly route: string; readonly name: string; readonly reach: ReachOwn },
  { find, mayRevoke = () => true, revoke, show }: Revocable<Found>,
): void {
  addRoute(router, `${route}/${name}`, {
    GET: async (req, res) => {
      const reached = await reach(req, res);
      if (reached === undefined) return;
      const found = find(reached);
      if (found === undefined) return seeOther(res, reached.way.path);
      await show(options, res, reached, { found });
    },
    POST: async (req, res) => {
      const reached = await reach(req, res);
      if (reached === undefined) return;
      const { course, reader, way } = reached;
      const form = await readActForm(req, res, ACT_FIELDS.revoke);
      if (!isOwnForm(options, res, way, form)) return;
      const found = find(reached);
      if (found === undefined) return seeOther(res, way.path);
      if (!form.isConfirmed || form.faults.size > 0 || !mayRevoke(found, reached))
        return await show(options, res, reached, { found, form });
      const nonce = nonceOfForm("revoke", form, options.newNonce);
      const reason = form.values.get("reason");
      const revoked = await revoke(options, found, { door: way.door, nonce, by: reader.email, reason });
      const isOwn = "revocation" in revoked && revoked.revocation.nonce === nonce;
      const approval = course.root.id;
      const outcome = isOwn ? "stored" : "too late";
      audit(res, { who: way.who, what: "revoke", about: approval, approval, nonce, outcome });
      // It is revoked, as the person wanted, even if somebody else was first.
      if (revoked.kind === "revoked") return seeOther(res, `${way.path}/${name}`);
      await show(options, res, reached, { found, isLate: true });
    },
  });
}

/** What each of these pages shows of the reader, the approval and the form, and the status of the answer. */
export function revokePageOf<Found>(
  { newNonce }: Pick<OwnPageOptions, "newNonce">,
  { course, reader, way }: Reached,
  { form, isLate = false }: Shown<Found>,
) {
  return {
    status: isLate ? 409 : form === undefined ? 200 : 422,
    data: {
      reader,
      title: course.request.title,
      back: way.path,
      form: { values: form?.values ?? new Map(), faults: form?.faults ?? new Map(), press: newNonce() },
      isLate,
      ...(way.visitor && { visitor: way.visitor }),
    },
  };
}

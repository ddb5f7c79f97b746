/** `/inbox/absences`: people who are signed in say when they are away, and who is asked then. Their own rules, and no others. */
import type { IRouter, Response } from "express";
import type { Person } from "../../approval/approval.ts";
import { ServiceError } from "../../lib/errors.ts";
import {
  type AbsenceOptions,
  absencesAbout,
  addAbsence,
  removeAbsence,
} from "../../service/absences/absences.ts";
import type { Actor } from "../../service/approvals/act.ts";
import { audit } from "../http/audit.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { absenceCallOf, readAbsenceForm } from "../pages/absence-form.ts";
import { type ActForm, readActForm } from "../pages/act-form.ts";
import type { AbsenceProblem } from "../pages/inbox-page.ts";
import { ABSENCES } from "../pages/inbox-paths.ts";
import type { Pages } from "../pages/pages.ts";
import { nonceOfForm } from "./actor.ts";
import { forVisitors } from "./signed-in.ts";
import { type Visitor, type Visitors, whoIs } from "./visitors.ts";
import { isOwnForm } from "./way.ts";

export interface InboxAbsenceRoutesOptions extends AbsenceOptions {
  readonly visitors: Visitors;
  readonly pages: Pages;
  /** The person as approvals know them; undefined if none does. */
  readonly personOf: (email: string) => Promise<Person | undefined>;
  /** 128 random bits in base64url. */
  readonly newNonce: () => string;
}

export function addInboxAbsenceRoutes(router: IRouter, options: InboxAbsenceRoutesOptions): void {
  const { visitors, newNonce, personOf } = options;
  const personBehind = async ({ email }: Visitor): Promise<Person> => (await personOf(email)) ?? { email };
  const actorOf = (visitor: Visitor, act: string, form: ActForm): Actor => ({
    door: "inbox",
    nonce: nonceOfForm(act, form, newNonce),
    by: visitor.email,
  });

  const show = async (
    res: Response,
    visitor: Visitor,
    { form, problem }: { readonly form?: ActForm; readonly problem?: AbsenceProblem } = {},
  ) => {
    const { own, others } = await absencesAbout(options, visitor.email);
    options.pages.render(res, {
      status: form === undefined ? 200 : problem === "busy" ? 409 : 422,
      view: "absence",
      data: {
        visitor,
        person: await personBehind(visitor),
        own,
        others,
        values: form?.values ?? new Map(),
        faults: form?.faults ?? new Map(),
        ...(problem === undefined ? {} : { problem }),
        press: newNonce(),
      },
    });
  };

  const signedIn = forVisitors(visitors);

  addRoute(router, ABSENCES, {
    GET: signedIn(async (_req, res, visitor) => show(res, visitor)),
    POST: signedIn(async (req, res, visitor) => {
      const form = await readAbsenceForm(req, res);
      if (!isOwnForm(options, res, { visitor }, form)) return;
      if (!form.isConfirmed || form.faults.size > 0) return show(res, visitor, { form });
      const actor = actorOf(visitor, "absence", form);
      const { name, locale, timeZone } = await personBehind(visitor);
      const person = {
        email: visitor.email,
        ...(name === undefined ? {} : { name }),
        ...(locale === undefined ? {} : { locale }),
        ...(timeZone === undefined ? {} : { timeZone }),
      };
      const tell = (outcome: string, about?: string) =>
        audit(res, {
          who: whoIs(visitor),
          what: "absence.add",
          about: about ?? "",
          nonce: actor.nonce,
          outcome,
        });
      try {
        const { id } = await addAbsence(options, { person, ...absenceCallOf(form) }, actor);
        tell("stored", id);
      } catch (error) {
        const problem = problemOf(error);
        if (problem === undefined) throw error;
        tell("refused");
        return show(res, visitor, { form, problem });
      }
      seeOther(res, ABSENCES);
    }),
  });

  addRoute(router, `${ABSENCES}/:id/remove`, {
    GET: signedIn(async (_req, res) => seeOther(res, ABSENCES)),
    POST: signedIn(async (req, res, visitor) => {
      const form = await readActForm(req, res, []);
      if (!isOwnForm(options, res, { visitor }, form)) return;
      if (!form.isConfirmed) return seeOther(res, ABSENCES);
      const id = String(req.params["id"]);
      const actor = actorOf(visitor, `absence ${id}`, form);
      const { own } = await absencesAbout(options, visitor.email);
      // What is gone already, as by a double click, is no failure; what is somebody else's is not there.
      if (own.some((rule) => rule.id === id)) {
        await removeAbsence(options, id, actor);
        audit(res, {
          who: whoIs(visitor),
          what: "absence.remove",
          about: id,
          nonce: actor.nonce,
          outcome: "stored",
        });
      }
      seeOther(res, ABSENCES);
    }),
  });
}

/** What a person can do something about; undefined for other errors. */
function problemOf(error: unknown): AbsenceProblem | undefined {
  if (!(error instanceof ServiceError)) return undefined;
  if (error.code === "CONFLICT") return "busy";
  if (error.code !== "INVALID_FIELDS") return undefined;
  const fields = error.problems.map(({ field }) => field.split(".")[0]);
  return (["until", "from", "to", "person"] as const).find((field) => fields.includes(field));
}

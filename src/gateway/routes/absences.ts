/** `GET /absences`, `POST /absences`, `POST /absences/:id/remove`: who is asked in place of people who are away. */
import type { IRouter } from "express";
import { viewAbsence } from "../../approval/absence-request.ts";
import type { Durable } from "../../durable/durable.ts";
import { addAbsence, pageOfAbsences, removeAbsence } from "../../service/absences/absences.ts";
import type { AbsenceBook } from "../../service/absences/book.ts";
import { audit } from "../http/audit.ts";
import type { Needs } from "../http/auth.ts";
import { readJson } from "../http/body.ts";
import { addRoute } from "../http/routes.ts";
import { actorOf } from "./actor.ts";

export interface AbsenceRoutesOptions {
  readonly needs: Needs;
  readonly durable: Durable;
  readonly absences: AbsenceBook;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly newNonce: () => string;
}

export function addAbsenceRoutes(router: IRouter, options: AbsenceRoutesOptions): void {
  const { needs, newNonce } = options;
  addRoute(router, "/absences", {
    GET: needs("approvals:manage", async (req, res) => {
      const { absences, ...rest } = await pageOfAbsences(options, req.query);
      res.json({ absences: absences.map(viewAbsence), ...rest });
    }),
    POST: needs("approvals:manage", async (req, res) => {
      const body = (await readJson(req))?.value;
      const actor = actorOf(req, res, newNonce);
      const absence = await addAbsence(options, body, actor);
      audit(res, { what: "absence.add", about: absence.id, nonce: actor.nonce, outcome: "stored" });
      res.status(201).json(viewAbsence(absence));
    }),
  });
  addRoute(router, "/absences/:id/remove", {
    POST: needs("approvals:manage", async (req, res) => {
      const id = String(req.params["id"]);
      const actor = actorOf(req, res, newNonce);
      await removeAbsence(options, id, actor);
      audit(res, { what: "absence.remove", about: id, nonce: actor.nonce, outcome: "stored" });
      res.json({ id, removed: true });
    }),
  });
}

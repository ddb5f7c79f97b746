/** `GET /absences`, `POST /absences`, `POST /absences/:id/remove`: who is asked in place of people who are away. */
import type { IRouter } from "express";
import { viewAbsence } from "../../approval/absence-request.ts";
import type { Durable } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import { isMailAddress } from "../../lib/mail-address.ts";
import { addAbsence, listAbsences, removeAbsence } from "../../service/absences/absences.ts";
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
      const found = await listAbsences(options, personIn(req.query["person"]));
      res.json({ absences: found.map(viewAbsence) });
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

function personIn(given: unknown): string | undefined {
  if (given === undefined || (typeof given === "string" && isMailAddress(given))) return given;
  const problems = [{ field: "person", message: "must be one mail address, such as ana@example.com" }];
  throw new ServiceError("INVALID_FIELDS", "Cannot list absences: person is wrong", { problems });
}

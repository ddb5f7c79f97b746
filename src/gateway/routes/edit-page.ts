/**
 * `/d/:token/edit`, and the same in the inbox: an approver changes arguments that the action's schema marks. Only a confirmed
 * POST of the form changes anything. An edit that comes too late is answered with the ballot as it is now.
 */
import type { IRouter, Request, Response } from "express";
import { isEditable } from "../../approval/editing.ts";
import { ballotId } from "../../approval/ids.ts";
import { ruleOf } from "../../approval/rule.ts";
import type { Refusal } from "../../service/approvals/act.ts";
import { editArguments } from "../../service/approvals/edit.ts";
import { type Question, readQuestion } from "../../service/approvals/question.ts";
import { audit } from "../http/audit.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { type EditForm, editRows, readEditForm, rowsAt } from "../pages/edit-form.ts";
import { actOptionsOf, nonceOfForm } from "./actor.ts";
import type { ActRoutesOptions, BallotReached, Reach } from "./ballot-acts.ts";
import { showStanding } from "./show-standing.ts";
import { isOwnForm } from "./way.ts";

/** The path of the page, where there is something to change and a round left to ask about it. */
export function editPath(path: string, { request, course }: Question): { readonly edit?: string } {
  const isOffered = isEditable(request) && course.state.round < ruleOf(course.call.request).rounds;
  return isOffered ? { edit: `${path}/edit` } : {};
}

/** @param route of the ballot's page */
export function addEditPage(router: IRouter, options: ActRoutesOptions, route: string, reach: Reach): void {
  addRoute(router, `${route}/edit`, {
    GET: async (req, res) => {
      const reached = await reach(req, res);
      if (reached === undefined) return;
      const { question, way } = reached;
      if (question.standing.kind !== "open") return showStanding(options, res, reached);
      if (editPath(way.path, question).edit === undefined) return seeOther(res, way.path);
      show(options, res, reached, {});
    },
    POST: async (req, res) => {
      const reached = await reach(req, res);
      if (reached !== undefined) await take(options, req, res, reached);
    },
  });
}

async function take(
  options: ActRoutesOptions,
  req: Request,
  res: Response,
  reached: BallotReached,
): Promise<void> {
  const { question, way } = reached;
  const { request, ballot } = question;
  const form = await readEditForm(req, res, request);
  if (!isOwnForm(options, res, way, form)) return;
  if (question.standing.kind !== "open") return showStanding(options, res, reached);
  if (editPath(way.path, question).edit === undefined) return seeOther(res, way.path);
  if (!form.isConfirmed || form.faults.size > 0 || form.wrong.size > 0)
    return show(options, res, reached, { form });
  if (form.edits.length === 0) return show(options, res, reached, { form, refused: "unedited" });
  const { approval, n } = ballot;
  const nonce = nonceOfForm("edit", form, options.newNonce);
  const acted = await editArguments(
    actOptionsOf(options, res),
    { approval, n },
    {
      door: way.door,
      nonce,
      by: ballot.approver.email,
      edits: form.edits,
      note: form.values.get("note"),
    },
  );
  const isDone = acted.kind === "stands" && acted.effective;
  const outcome = isDone
    ? "stored"
    : acted.kind === "refused"
      ? acted.why
      : acted.kind === "wrong"
        ? "wrong"
        : "too late";
  audit(res, { who: way.who, what: "edit", about: ballotId(approval, n), approval, nonce, outcome });
  if (acted.kind === "wrong") {
    const fields = acted.problems.map(({ field }) => field);
    const rows = editRows(request);
    const hit = rowsAt(rows, { item: acted.item, fields });
    // A rule of the schema may be about several values together.
    const changed = rows.filter(({ name, value }) => (form.values.get(name) ?? value) !== value);
    const wrong = hit.size > 0 ? hit : new Set(changed.map(({ name }) => name));
    return show(options, res, reached, { form: { ...form, wrong } });
  }
  const now = (await readQuestion(options.durable, ballotId(approval, n))) ?? question;
  if (isDone || now.standing.kind !== "open") {
    return isDone ? seeOther(res, way.path) : showStanding(options, res, { question: now, way });
  }
  show(options, res, reached, { form, ...(acted.kind === "refused" ? { refused: acted.why } : {}) });
}

function show(
  { pages, newNonce }: ActRoutesOptions,
  res: Response,
  { question, way }: BallotReached,
  { form, refused }: { readonly form?: EditForm; readonly refused?: Refusal },
): void {
  const { ballot, request } = question;
  pages.render(res, {
    status: form === undefined ? 200 : 422,
    view: "edit",
    data: {
      reader: ballot.approver,
      title: request.title,
      reference: ballot.approval,
      back: way.path,
      rows: editRows(request),
      values: form?.values ?? new Map(),
      faults: form?.faults ?? new Map(),
      wrong: form?.wrong ?? new Set(),
      press: newNonce(),
      ...(refused && { refused }),
      ...(way.visitor && { visitor: way.visitor }),
    },
  });
}

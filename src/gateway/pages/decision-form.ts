import { type Request, type Response, urlencoded } from "express";
import { controlIn, storableProblem, tidyLines } from "../../approval/text.ts";
import { askForBody } from "../http/body.ts";
import { DECISION_FORM } from "./pages.ts";

export type DecisionForm =
  | { readonly ok: true; readonly comment?: string }
  /** `problem` is for people, beside a note that nothing was recorded; `comment` is what they wrote, so that it is not lost. */
  | { readonly ok: false; readonly problem: string; readonly comment?: string };

/** A full comment fits, of characters such as € that take nine bytes each; nothing else is asked for. */
const FORM_BYTES_MAX = 20 * 1024;

const parseForm = urlencoded({ extended: false, inflate: false, limit: FORM_BYTES_MAX, parameterLimit: 8 });

/**
 * The decision form as posted. A body that is no such form (none at all, JSON, a mail program's one-click) is a form
 * without confirmation.
 *
 * @throws the parser's errors, with `status` 400, 413 or 415
 */
export async function readDecisionForm(req: Request, res: Response): Promise<DecisionForm> {
  if (req.is("urlencoded") && req.headers["content-encoding"] === undefined) askForBody(req, FORM_BYTES_MAX);
  await new Promise<void>((resolve, reject) => {
    parseForm(req, res, (error?: Error) => (error === undefined ? resolve() : reject(error)));
  });
  const fields: Readonly<Record<string, unknown>> = { ...(req.body as object | undefined) };
  const raw = fields[DECISION_FORM.comment] ?? "";
  // Doubled fields arrive as a list: which one did the person see?
  if (typeof raw !== "string" || fields[DECISION_FORM.confirm] !== DECISION_FORM.confirmValue) {
    return { ok: false, problem: "To answer, press the button below." };
  }
  const comment = tidyLines(raw);
  const problem = commentProblem(raw, comment);
  if (problem !== undefined) return { ok: false, problem, comment };
  return comment === "" ? { ok: true } : { ok: true, comment };
}

function commentProblem(raw: string, comment: string): string | undefined {
  const { commentMax } = DECISION_FORM;
  if (comment.length > commentMax) {
    return `The comment has ${comment.length} characters, and ${commentMax} at most fit.`;
  }
  const control = controlIn(raw);
  if (control !== undefined) {
    return `The comment held a control character, which cannot be stored (${control}). It is taken out: look at the comment again, then press.`;
  }
  if (storableProblem(comment) !== undefined) {
    return "The comment holds characters that cannot be stored: please write it differently.";
  }
  return undefined;
}

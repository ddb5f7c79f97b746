/**
 * `/d/:token/reassign`, `/recuse` and `/undo`: what a person who is asked can do besides answering. As on the decision page,
 * only a POST of the form, with its confirmation, by a good link does anything. Whoever comes too late is told what stands.
 */
import type { IRouter, Request, RequestHandler, Response } from "express";
import type { ApprovalRequest, OutcomeKind } from "../../approval/approval.ts";
import { evaluationOf } from "../../approval/course.ts";
import { ballotId } from "../../approval/ids.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import type { Acted, ActOptions, Actor, OnBallot, Refusal } from "../../service/approvals/act.ts";
import { reassignBallot, recuseBallot, undoDecision } from "../../service/approvals/ballot-acts.ts";
import { type Question, readQuestion, withBallot } from "../../service/approvals/question.ts";
import { audit } from "../http/audit.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { ACT_FIELDS, type ActForm, personIn, readActForm } from "../pages/act-form.ts";
import type { BallotAct, TriedAct } from "../pages/page.ts";
import type { Pages } from "../pages/pages.ts";
import { actOptionsOf, nonceOfForm } from "./actor.ts";
import { type BallotLinkOptions, genuine, pathOf, verifiedLink } from "./ballot-link.ts";
import { showStanding } from "./show-standing.ts";

export interface BallotActRoutesOptions extends BallotLinkOptions {
  readonly durable: Durable;
  readonly pages: Pages;
  /** 128 random bits in base64url: the name of one press. */
  readonly newNonce: () => string;
  /** Aborted when the process is asked to stop. */
  readonly draining: AbortSignal;
  readonly outcomeWaitMs?: number | undefined;
}

/** Paths of the pages for those who will not answer. */
export function actPaths(
  path: string,
  { reassign = true }: Pick<ApprovalRequest, "reassign">,
): { readonly reassign?: string; readonly recuse: string } {
  return { ...(reassign ? { reassign: `${path}/reassign` } : {}), recuse: `${path}/recuse` };
}

export function addBallotActRoutes(router: IRouter, options: BallotActRoutesOptions): void {
  const { durable } = options;
  const questionOf = async (req: Request, res: Response): Promise<Question> => {
    const link = verifiedLink(options, req, res);
    return genuine(options, res, { link, found: await readQuestion(durable, link.pid) });
  };

  const addAct = (act: BallotAct, perform: Perform): void => {
    const show: RequestHandler = async (req, res) => {
      const question = await questionOf(req, res);
      if (question.standing.kind !== "open")
        return showStanding(options, res, question, { path: pathOf(req) });
      showForm(options, res, question, { act, back: pathOf(req) });
    };
    const take: RequestHandler = async (req, res) => {
      const question = await questionOf(req, res);
      const form = await readActForm(req, res, ACT_FIELDS[act]);
      const back = pathOf(req);
      if (question.standing.kind !== "open")
        return showStanding(options, res, question, { path: back, tried: act });
      if (!form.isConfirmed || form.faults.size > 0)
        return showForm(options, res, question, { act, back, form });
      const actor = actorOf(question, nonceOfForm(act, form, options.newNonce));
      const acted = await perform(actOptionsOf(options, res), question, { ...actor, form });
      if (acted.kind !== "refused") return tell(options, res, { act, back, question, actor, acted });
      const { why } = acted;
      auditAct(res, act, { question, actor, outcome: why });
      showForm(options, res, question, { act, back, form, refused: why });
    };
    addRoute(router, `/d/:token/${act}`, { GET: show, POST: take });
  };

  addAct("reassign", (to, { ballot }, { form: { values }, ...actor }) =>
    reassignBallot(to, ballot, { ...actor, to: personIn(values), reason: values.get("reason") }),
  );
  addAct("recuse", (to, { ballot }, { form: { values }, ...actor }) =>
    recuseBallot(to, ballot, { ...actor, reason: values.get("reason") }),
  );

  addRoute(router, "/d/:token/undo", {
    GET: async (req, res) => {
      await questionOf(req, res);
      seeOther(res, pathOf(req));
    },
    POST: async (req, res) => {
      const question = await questionOf(req, res);
      await takeBack(options, req, res, { question, path: pathOf(req) });
    },
  });
}

type Perform = (
  to: ActOptions,
  question: Question,
  call: Actor & { readonly form: ActForm },
) => Promise<Acted<OnBallot>>;

/** Takes the answer back if the form was confirmed, and goes to `path`, which tells what stands; or tells it at once. */
export async function takeBack(
  options: Omit<BallotActRoutesOptions, "tokens" | "log">,
  req: Request,
  res: Response,
  { question, path }: { readonly question: Question; readonly path: string },
): Promise<void> {
  const form = await readActForm(req, res, []);
  // A press that the form did not make: the page has its button.
  if (!form.isConfirmed || question.standing.kind === "open") return seeOther(res, path);
  const actor = actorOf(question, nonceOfForm("undo", form, options.newNonce));
  const acted = await undoDecision(actOptionsOf(options, res), question.ballot, actor);
  await tell(options, res, { act: "undo", back: path, question, actor, acted });
}

/** Goes to the page that tells what was done; to those who came too late it is told at once. */
async function tell(
  options: Omit<BallotActRoutesOptions, "tokens" | "log">,
  res: Response,
  {
    act,
    back,
    question,
    actor,
    acted,
  }: {
    readonly act: TriedAct;
    readonly back: string;
    readonly question: Question;
    readonly actor: Actor;
    readonly acted: Acted<OnBallot>;
  },
): Promise<void> {
  const isDone = acted.kind === "stands" && acted.effective;
  const outcome = isDone ? "stored" : acted.kind === "refused" ? acted.why : "too late";
  auditAct(res, act, { question, actor, outcome });
  if (isDone) return seeOther(res, back);
  const { approval, n } = question.ballot;
  const now = (await readQuestion(options.durable, ballotId(approval, n))) ?? question;
  if (now.standing.kind === "open") return seeOther(res, back);
  showStanding(options, res, now, { path: back, tried: act });
}

function showForm(
  {
    durable,
    pages,
    clock,
    newNonce,
  }: Pick<BallotActRoutesOptions, "durable" | "pages" | "clock" | "newNonce">,
  res: Response,
  question: Question,
  {
    act,
    back,
    form,
    refused,
  }: {
    readonly act: BallotAct;
    readonly back: string;
    readonly form?: ActForm;
    readonly refused?: Refusal;
  },
): void {
  const { ballot, request } = question;
  const outcome = act === "recuse" ? outcomeWithout(question, knownTime({ durable, clock })) : undefined;
  pages.render(res, {
    status: form === undefined ? 200 : 422,
    view: "act",
    data: {
      act,
      reader: ballot.approver,
      title: request.title,
      reference: ballot.approval,
      back,
      values: form?.values ?? new Map(),
      faults: form?.faults ?? new Map(),
      press: newNonce(),
      ...(refused && { refused }),
      ...(outcome && { outcome }),
    },
  });
}

/** How the approval ends if this person takes no part; undefined if it then goes on. */
function outcomeWithout({ course, ballot }: Question, nowMs: number): OutcomeKind | undefined {
  const recused = { kind: "recused", door: "mail", nonce: "" };
  const { verdict } = evaluationOf(withBallot(course, ballot.n, recused, nowMs), nowMs);
  return verdict.kind === "done" ? verdict.outcome : undefined;
}

/** The person whose ballot it is: the holder of the link acts in their name. */
function actorOf({ ballot: { approver } }: Question, nonce: string): Actor {
  return { door: "mail", nonce, by: approver.email };
}

/** Also records what came too late or was refused: that is kept nowhere else. */
function auditAct(
  res: Response,
  what: TriedAct,
  {
    question: { ballot },
    actor: { nonce },
    outcome,
  }: { readonly question: Question; readonly actor: Actor; readonly outcome: string },
): void {
  const { approval, n, recipient } = ballot;
  audit(res, { who: `approver:${recipient}`, what, about: ballotId(approval, n), approval, nonce, outcome });
}

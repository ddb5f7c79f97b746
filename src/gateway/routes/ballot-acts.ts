/**
 * `/d/:token/reassign`, `/recuse` and `/undo`, and the same in the inbox: what a person who is asked can do besides answering.
 * As on the decision page, only a confirmed POST of the form changes anything, and it needs a good link or
 * the person's session. An act that comes too late is answered with the ballot as it is now.
 */
import type { IRouter, Request, RequestHandler, Response } from "express";
import type { OutcomeKind } from "../../approval/approval.ts";
import { evaluationOf } from "../../approval/course.ts";
import { ballotId } from "../../approval/ids.ts";
import type { KnownPeople } from "../../approval/same-person.ts";
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
import { addEditPage, editPath } from "./edit-page.ts";
import { REFUSAL_PAGE } from "./refusal-page.ts";
import { addRevokePage, type ReachOwn } from "./revoke-page.ts";
import { showStanding } from "./show-standing.ts";
import { STANDING_PAGE } from "./standing-page.ts";
import { isOwnForm, type Way } from "./way.ts";

export type BallotActRoutesOptions = BallotLinkOptions & ActRoutesOptions;

/** What acts need, whichever way somebody came. */
export interface ActRoutesOptions {
  readonly durable: Durable;
  readonly pages: Pages;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** 128 random bits in base64url: the name of one press. */
  readonly newNonce: () => string;
  /** Aborted when the process is asked to stop. */
  readonly draining: AbortSignal;
  readonly outcomeWaitMs?: number | undefined;
  /** Which addresses are one person's, by the operator's list. Default: it is empty. */
  readonly known?: KnownPeople | undefined;
}

/** Paths of the pages for those who do something else than answer. */
export function actPaths(
  path: string,
  question: Question,
): { readonly edit?: string; readonly reassign?: string; readonly recuse: string } {
  const { reassign = true } = question.request;
  return {
    ...editPath(path, question),
    ...(reassign ? { reassign: `${path}/reassign` } : {}),
    recuse: `${path}/recuse`,
  };
}

/** A ballot, and how its person has come to it. */
export interface BallotReached {
  readonly question: Question;
  readonly way: Way;
}

/** How the routes of one way find the ballot; undefined: the answer is given already. */
export type Reach = (req: Request, res: Response) => Promise<BallotReached | undefined>;

/** For people who come by the link of a mail. */
export function addBallotActRoutes(router: IRouter, options: BallotActRoutesOptions): void {
  addBallotActs(router, options, "/d/:token", async (req, res) => {
    const link = verifiedLink(options, req, res);
    const question = genuine(options, res, { link, found: await readQuestion(options.durable, link.pid) });
    return { question, way: linkWay(question, pathOf(req)) };
  });
}

/** The way of the holder of a link, who acts in the approver's name. */
export function linkWay({ ballot }: Question, path: string): Way {
  return { path, door: "mail", who: `approver:${ballot.recipient}` };
}

/** @param route of the ballot's page */
export function addBallotActs(router: IRouter, options: ActRoutesOptions, route: string, reach: Reach): void {
  const addAct = (act: BallotAct, perform: Perform): void => {
    const show: RequestHandler = async (req, res) => {
      const reached = await reach(req, res);
      if (reached === undefined) return;
      if (reached.question.standing.kind !== "open") return showStanding(options, res, reached);
      showForm(options, res, reached, { act });
    };
    const take: RequestHandler = async (req, res) => {
      const reached = await reach(req, res);
      if (reached === undefined) return;
      const { question, way } = reached;
      const form = await readActForm(req, res, ACT_FIELDS[act]);
      if (!isOwnForm(options, res, way, form)) return;
      if (question.standing.kind !== "open") return showStanding(options, res, reached, act);
      if (!form.isConfirmed || form.faults.size > 0) return showForm(options, res, reached, { act, form });
      const actor = actorOf(reached, nonceOfForm(act, form, options.newNonce));
      const acted = await perform(actOptionsOf(options, res), question, { ...actor, form });
      if (acted.kind !== "refused") return tell(options, res, reached, { act, actor, acted });
      const { why } = acted;
      auditAct(res, act, reached, { actor, outcome: why });
      showForm(options, res, reached, { act, form, refused: why });
    };
    addRoute(router, `${route}/${act}`, { GET: show, POST: take });
  };

  addAct("reassign", (to, { ballot }, { form: { values }, ...actor }) =>
    reassignBallot(to, ballot, { ...actor, to: personIn(values), reason: values.get("reason") }),
  );
  addAct("recuse", (to, { ballot }, { form: { values }, ...actor }) =>
    recuseBallot(to, ballot, { ...actor, reason: values.get("reason") }),
  );

  addEditPage(router, options, route, reach);
  const reachOwn: ReachOwn = async (req, res) => {
    const reached = await reach(req, res);
    if (reached === undefined) return undefined;
    const { question, way } = reached;
    return { course: question.course, reader: question.ballot.approver, way };
  };
  addRevokePage(router, options, { route, name: "standing", reach: reachOwn }, STANDING_PAGE);
  addRevokePage(router, options, { route, name: "refusal", reach: reachOwn }, REFUSAL_PAGE);

  addRoute(router, `${route}/undo`, {
    GET: async (req, res) => {
      const reached = await reach(req, res);
      if (reached !== undefined) seeOther(res, reached.way.path);
    },
    POST: async (req, res) => {
      const reached = await reach(req, res);
      if (reached !== undefined) await takeBack(options, req, res, reached);
    },
  });
}

type Perform = (
  to: ActOptions,
  question: Question,
  call: Actor & { readonly form: ActForm },
) => Promise<Acted<OnBallot>>;

/** Takes the answer back if the form was confirmed, and redirects to the ballot's page. Otherwise shows that page at once. */
export async function takeBack(
  options: ActRoutesOptions,
  req: Request,
  res: Response,
  reached: BallotReached,
): Promise<void> {
  const { question, way } = reached;
  const form = await readActForm(req, res, []);
  if (!isOwnForm(options, res, way, form)) return;
  // A press that the form did not make: the page has its button.
  if (!form.isConfirmed || question.standing.kind === "open") return seeOther(res, way.path);
  const actor = actorOf(reached, nonceOfForm("undo", form, options.newNonce));
  const acted = await undoDecision(actOptionsOf(options, res), question.ballot, actor);
  await tell(options, res, reached, { act: "undo", actor, acted });
}

/** Goes to the page that tells what was done; to those who came too late it is told at once. */
async function tell(
  options: ActRoutesOptions,
  res: Response,
  reached: BallotReached,
  { act, actor, acted }: Told,
): Promise<void> {
  const { question, way } = reached;
  const isDone = acted.kind === "stands" && acted.effective;
  const outcome = isDone ? "stored" : acted.kind === "refused" ? acted.why : "too late";
  auditAct(res, act, reached, { actor, outcome });
  if (isDone) return seeOther(res, way.path);
  const { approval, n } = question.ballot;
  const now = (await readQuestion(options.durable, ballotId(approval, n))) ?? question;
  if (now.standing.kind === "open") return seeOther(res, way.path);
  showStanding(options, res, { question: now, way }, act);
}

interface Told {
  readonly act: TriedAct;
  readonly actor: Actor;
  readonly acted: Acted<OnBallot>;
}

function showForm(
  { durable, pages, clock, newNonce }: ActRoutesOptions,
  res: Response,
  { question, way }: BallotReached,
  { act, form, refused }: { readonly act: BallotAct; readonly form?: ActForm; readonly refused?: Refusal },
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
      back: way.path,
      values: form?.values ?? new Map(),
      faults: form?.faults ?? new Map(),
      press: newNonce(),
      ...(refused && { refused }),
      ...(outcome && { outcome }),
      ...(way.visitor && { visitor: way.visitor }),
    },
  });
}

/** How the approval ends if this person takes no part; undefined if it then goes on. */
function outcomeWithout({ course, ballot }: Question, nowMs: number): OutcomeKind | undefined {
  const recused = { kind: "recused", door: "mail", nonce: "" };
  const { verdict } = evaluationOf(withBallot(course, ballot.n, recused, nowMs), nowMs);
  return verdict.kind === "done" ? verdict.outcome : undefined;
}

/** The person whose ballot it is. */
function actorOf({ question, way }: BallotReached, nonce: string): Actor {
  return { door: way.door, nonce, by: question.ballot.approver.email };
}

/** Also records what came too late or was refused: that is kept nowhere else. */
function auditAct(
  res: Response,
  what: TriedAct,
  { question: { ballot }, way: { who } }: BallotReached,
  { actor: { nonce }, outcome }: { readonly actor: Actor; readonly outcome: string },
): void {
  const { approval, n } = ballot;
  audit(res, { who, what, about: ballotId(approval, n), approval, nonce, outcome });
}

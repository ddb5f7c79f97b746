/**
 * `POST /approvals/:id/ballots/:n/reassign`, `/recuse`, `/remind`, `/resend`, `/undo`, `/edit`, and
 * `POST /approvals/:id/extend`, `/change`: what programs do about an open approval. An act that comes too late is
 * answered with a conflict, which tells the present state.
 */
import type { IRouter, Request, Response } from "express";
import {
  changeRequest,
  editRequest,
  extendRequest,
  reassignRequest,
  recuseRequest,
  remindRequest,
  resendRequest,
} from "../../approval/act-requests.ts";
import { ballotId, ballotNumber, isPromiseId } from "../../approval/ids.ts";
import type { KnownPeople } from "../../approval/same-person.ts";
import type { Durable } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Acted, ActOptions, Actor, OnBallot } from "../../service/approvals/act.ts";
import {
  reassignBallot,
  recuseBallot,
  reissueBallot,
  undoDecision,
} from "../../service/approvals/ballot-acts.ts";
import { editArguments } from "../../service/approvals/edit.ts";
import { changeApproval, extendApproval } from "../../service/approvals/end-acts.ts";
import { auditOutcomeOf, failureOf, LOST_APPROVAL, lostBallot } from "../../service/approvals/failure.ts";
import { mailView, remindBallot, resendBallot } from "../../service/approvals/mail-acts.ts";
import { audit } from "../http/audit.ts";
import type { Needs } from "../http/auth.ts";
import { bodyOf } from "../http/call-body.ts";
import { noteApproval } from "../http/context.ts";
import { addRoute } from "../http/routes.ts";
import { actOptionsOf, actorOf } from "./actor.ts";

export interface ApprovalActRoutesOptions {
  readonly needs: Needs;
  readonly durable: Durable;
  readonly clock: () => number;
  readonly newNonce: () => string;
  readonly draining: AbortSignal;
  readonly outcomeWaitMs?: number | undefined;
  /** Which addresses are one person's, by the operator's list. Default: it is empty. */
  readonly known?: KnownPeople | undefined;
}

/** No ballot has this number. */
const NO_BALLOT = 0;

export function addApprovalActRoutes(router: IRouter, options: ApprovalActRoutesOptions): void {
  const { needs, newNonce } = options;
  const optionsOf = (res: Response): ActOptions => actOptionsOf(options, res);

  const onBallot = <Body>(
    verb: string,
    read: (req: Request) => Promise<Body>,
    act: (
      to: ActOptions,
      named: { approval: string; n: number },
      call: Actor & Body,
    ) => Promise<Acted<OnBallot>>,
  ) =>
    addRoute(router, `/approvals/:id/ballots/:n/${verb}`, {
      POST: needs("approvals:manage", async (req, res) => {
        const approval = approvalIn(req, res);
        const named = String(req.params["n"]);
        const n = ballotNumber(named) ?? NO_BALLOT;
        const body = await read(req);
        const actor = actorOf(req, res, newNonce);
        const acted = await act(optionsOf(res), { approval, n }, { ...body, ...actor });
        const { course, mailed } = told(res, verb, {
          about: ballotId(approval, n),
          nowMs: options.clock(),
          actor,
          acted,
          unknown: `There is no ballot ${named.slice(0, 20)} of "${approval.slice(0, 64)}"`,
          lost: ({ standing }) => lostBallot(verb, standing),
        });
        const next = course.ballots.find(({ ballot }) => ballot.via?.from === n);
        res.json({
          approval,
          ballot: n,
          ...(next && { next: next.ballot.n }),
          ...(mailed && { mail: mailView(mailed) }),
        });
      }),
    });
  onBallot("reassign", bodyOf("reassign", reassignRequest), reassignBallot);
  onBallot("recuse", bodyOf("recuse", recuseRequest), recuseBallot);
  onBallot("remind", bodyOf("remind", remindRequest), remindBallot);
  onBallot("resend", bodyOf("resend", resendRequest), (to, named, { newLinks = false, ...actor }) =>
    newLinks ? reissueBallot(to, named, actor) : resendBallot(to, named, actor),
  );
  onBallot("undo", async () => ({}), undoDecision);

  const onApproval = <Body>(
    verb: string,
    read: (req: Request) => Promise<Body>,
    act: (to: ActOptions, approval: string, call: Actor & { body: Body }) => Promise<Acted<object>>,
  ) =>
    addRoute(router, `/approvals/:id/${verb}`, {
      POST: needs("approvals:manage", async (req, res) => {
        const approval = approvalIn(req, res);
        const body = await read(req);
        const actor = actorOf(req, res, newNonce);
        const acted = await act(optionsOf(res), approval, { ...actor, body });
        const { course } = told(res, verb, {
          about: approval,
          nowMs: options.clock(),
          actor,
          acted,
          unknown: `There is no approval "${approval.slice(0, 64)}"`,
          lost: () => LOST_APPROVAL,
        });
        const deadline = new Date(course.deadlineAtMs).toISOString();
        res.json({ approval, deadline, round: course.state.round });
      }),
    });
  onApproval("extend", bodyOf("extend", extendRequest), (to, approval, { body, ...actor }) =>
    extendApproval(to, approval, { ...actor, ...body }),
  );
  addRoute(router, "/approvals/:id/ballots/:n/edit", {
    POST: needs("promises:resolve", async (req, res) => {
      const approval = approvalIn(req, res);
      const named = String(req.params["n"]);
      const n = ballotNumber(named) ?? NO_BALLOT;
      const { note, ...one } = await editBody(req);
      const actor = actorOf(req, res, newNonce);
      const acted = await editArguments(optionsOf(res), { approval, n }, { ...actor, edits: [one], note });
      if (acted.kind === "wrong") {
        const { problems } = acted;
        throw new ServiceError("INVALID_FIELDS", "Cannot edit: some fields are wrong", { problems });
      }
      const { course } = told(res, "edit", {
        about: ballotId(approval, n),
        nowMs: options.clock(),
        actor,
        acted,
        unknown: `There is no ballot ${named.slice(0, 20)} of "${approval.slice(0, 64)}"`,
        lost: () => LOST_APPROVAL,
      });
      const deadline = new Date(course.deadlineAtMs).toISOString();
      res.json({ approval, deadline, round: course.state.round });
    }),
  });
  onApproval(
    "change",
    bodyOf("change", changeRequest),
    (to, approval, { body: { note, ...content }, ...actor }) =>
      changeApproval(to, approval, { ...actor, content, note }),
  );
}

const editBody = bodyOf("edit", editRequest, { hasUniqueNames: true });

interface Told<Result> {
  /** Id of the promise, for the record. */
  readonly about: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly actor: Actor;
  readonly acted: Acted<Result>;
  readonly unknown: string;
  /** What is in the way of a call that came too late. */
  readonly lost: (result: Result) => string;
}

/** @throws ServiceError unless this call, or an earlier one with its key, is stored */
function told<Result>(
  res: Response,
  what: string,
  { about, nowMs, actor, acted, unknown, lost }: Told<Result>,
) {
  if (acted.kind !== "unknown") {
    audit(res, { what, about, nonce: actor.nonce, outcome: auditOutcomeOf(acted) });
  }
  if (acted.kind === "refused") {
    const { againAtMs } = acted;
    if (againAtMs !== undefined) {
      res.set("Retry-After", String(Math.max(1, Math.ceil((againAtMs - nowMs) / 1_000))));
    }
  }
  const failure = failureOf(what, acted, { unknown, lost });
  if (failure !== undefined || acted.kind !== "stands") throw failure;
  if (!acted.isDone) res.status(202).set("Retry-After", "1");
  return acted;
}

function approvalIn(req: Request, res: Response): string {
  const id = String(req.params["id"]);
  if (!isPromiseId(id)) throw new ServiceError("NOT_FOUND", `There is no approval "${id.slice(0, 64)}"`);
  noteApproval(res, id);
  return id;
}

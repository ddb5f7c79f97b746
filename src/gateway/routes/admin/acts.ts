/**
 * `/admin/approvals/:id/…` and `/admin/approvals/:id/ballots/:n/…`: what operators do about an approval. GET shows the
 * form and does nothing; a POST of that form, with its confirmation, acts. The form names its press, so sending it twice
 * acts once; filled in otherwise, it is another act. An act that comes too late is answered with the reason.
 */
import type { IRouter, Request, Response } from "express";
import { contentOf, textsOf } from "../../../approval/content.ts";
import type { Course } from "../../../approval/course.ts";
import { deadlineProblem } from "../../../approval/deadline.ts";
import { ballotId, isPromiseId } from "../../../approval/ids.ts";
import { standingRefusal } from "../../../approval/refusal/standing-refusal.ts";
import type { KnownPeople } from "../../../approval/same-person.ts";
import type { Durable } from "../../../durable/durable.ts";
import { isSameJson } from "../../../lib/canonical-json.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { Acted, ActOptions, Actor, OnBallot } from "../../../service/approvals/act.ts";
import {
  type BallotNamed,
  reassignBallot,
  recuseBallot,
  reissueBallot,
  undoDecision,
} from "../../../service/approvals/ballot-acts.ts";
import { cancelApproval } from "../../../service/approvals/cancel.ts";
import { revokeFailure } from "../../../service/approvals/consume-failure.ts";
import { changeApproval, extendApproval } from "../../../service/approvals/end-acts.ts";
import { auditOutcomeOf, failureOf, LOST_APPROVAL, lostBallot } from "../../../service/approvals/failure.ts";
import { remindBallot, resendBallot } from "../../../service/approvals/mail-acts.ts";
import { readCourse } from "../../../service/approvals/question.ts";
import { revokeRefusal } from "../../../service/approvals/refusals.ts";
import { revokeAction } from "../../../service/approvals/revoke.ts";
import { audit } from "../../http/audit.ts";
import { noteApproval } from "../../http/context.ts";
import { addRoute } from "../../http/routes.ts";
import { seeOther } from "../../http/see-other.ts";
import { type ActField, type ActForm, judgeActForm, readPostedAct } from "../../pages/act-form.ts";
import {
  ADMIN_ACTS,
  type AdminAct,
  APPROVAL_ACTS,
  type ApprovalActName,
  BALLOT_ACTS,
  type BallotActName,
} from "../../pages/admin/admin-acts.ts";
import { adminApprovalHref } from "../../pages/admin/admin-page.ts";
import { ADMIN_REFUSALS, adminTime, cameFirstText } from "../../pages/admin/refused-text.ts";
import { type ChangeForm, filledWith, judgeChangeForm, readPostedChange } from "../../pages/change-form.ts";
import type { Pages } from "../../pages/pages.ts";
import { actOptionsOf, nonceOfForm } from "../actor.ts";
import { unknownApproval } from "./approval.ts";
import type { Operator } from "./operators.ts";
import { assertOwnForm, type Entrance } from "./signed-in.ts";

export interface AdminActsOptions {
  readonly durable: Durable;
  readonly entrance: Entrance;
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

type Values = ReadonlyMap<string, string>;

const ON_BALLOT: Readonly<
  Record<
    BallotActName,
    (to: ActOptions, named: BallotNamed, call: Actor, values: Values) => Promise<Acted<OnBallot>>
  >
> = {
  remind: remindBallot,
  resend: resendBallot,
  renew: reissueBallot,
  reassign: (to, named, actor, values) => {
    const name = values.get("name");
    const person = { email: values.get("email") ?? "", ...(name === undefined ? {} : { name }) };
    return reassignBallot(to, named, { ...actor, to: person, reason: values.get("reason") });
  },
  recuse: (to, named, actor, values) => recuseBallot(to, named, { ...actor, reason: values.get("reason") }),
  undo: undoDecision,
};

/** What became of an act. */
interface Done {
  /** Why it was not done; undefined if it was. */
  readonly failure: ServiceError | undefined;
  /** As the audit record has it. */
  readonly outcome: string;
}

const ON_APPROVAL: Readonly<
  Record<ApprovalActName, (to: ActOptions, course: Course, call: Actor, values: Values) => Promise<Done>>
> = {
  async extend(to, { root }, actor, values) {
    const deadline = values.get("deadline") ?? "";
    const acted = await extendApproval(to, root.id, { ...actor, deadline, reason: values.get("reason") });
    return doneBy("extend", acted);
  },
  async cancel(to, { root, call }, actor, values) {
    const approval = { root, request: call.request };
    try {
      const act = { ...actor, reason: values.get("reason") };
      const { effective } = await cancelApproval(to, approval, act);
      if (effective) return { failure: undefined, outcome: "stored" };
      return {
        failure: new ServiceError("CONFLICT", `Cannot cancel: ${LOST_APPROVAL}`),
        outcome: "too late",
      };
    } catch (error) {
      if (error instanceof ServiceError && error.code === "CONFLICT") {
        return { failure: error, outcome: "too late" };
      }
      throw error;
    }
  },
  async revoke(to, { root }, actor, values) {
    if (standingRefusal(root) !== undefined) {
      return { failure: new ServiceError("CONFLICT", "Cannot revoke: it was rejected"), outcome: "too late" };
    }
    const revoked = await revokeAction(to, root.id, { ...actor, reason: values.get("reason") });
    if (revoked.kind === "unknown") throw unknownApproval(root.id);
    const failure = revokeFailure(revoked);
    return { failure, outcome: failure === undefined ? "stored" : "too late" };
  },
  async "ask-again"(to, { root }, actor, values) {
    const refusal = standingRefusal(root);
    const taken = refusal && (await revokeRefusal(to, refusal, { ...actor, reason: values.get("reason") }));
    if (taken?.kind === "revoked") return { failure: undefined, outcome: "stored" };
    const why =
      refusal === undefined ? "nobody has refused this in advance" : "the time of the refusal is over";
    return { failure: new ServiceError("CONFLICT", `Nothing to take back: ${why}`), outcome: "too late" };
  },
};

export function addAdminActRoutes(router: IRouter, options: AdminActsOptions): void {
  for (const act of namesOf(BALLOT_ACTS)) {
    addAct(
      router,
      options,
      act,
      `/admin/approvals/:id/ballots/:n/${act}`,
      async (to, found, actor, values) => {
        const { course, n = 0 } = found;
        const acted = await ON_BALLOT[act](to, { approval: course.root.id, n }, actor, values);
        const lost = ({ standing }: OnBallot) =>
          act === "undo" && standing.kind === "decided" ? lostBallot(act, standing) : cameFirstText(standing);
        const failure = failureOf(VERBS[act], acted, {
          ...IN_WORDS,
          unknown: "There is no such question any more",
          lost,
        });
        return { failure, outcome: auditOutcomeOf(acted) };
      },
    );
  }
  for (const act of namesOf(APPROVAL_ACTS)) {
    addAct(router, options, act, `/admin/approvals/:id/${act}`, (to, { course }, actor, values) =>
      ON_APPROVAL[act](to, course, actor, values),
    );
  }
  addChange(router, options);
}

const IN_WORDS = { refusals: ADMIN_REFUSALS, at: adminTime };

/** As refusals name them. */
const VERBS: Readonly<Record<BallotActName, string>> = {
  remind: "remind",
  resend: "send the links again",
  renew: "send new links",
  reassign: "pass the question on",
  recuse: "take them out",
  undo: "take the answer back",
};

/** What a refusal speaks of where one field is wrong. */
const SUBJECTS: Partial<Readonly<Record<AdminAct | "change", string>>> = {
  reassign: "The other person",
  extend: "The new deadline",
  change: "The note",
};

/** Why it was not done. A single field is spoken of by its name on the page. */
function problemIn(act: AdminAct | "change", { problems, message }: ServiceError): string {
  const [first, ...more] = problems;
  if (first === undefined || more.length > 0) return message;
  return `${SUBJECTS[act] ?? "The new value"} ${first.message}.`;
}

/** Whether something else came first; everything else, a form filled in otherwise may mend. */
function isTooLate(failure: ServiceError | undefined): boolean {
  return failure !== undefined && ["CONFLICT", "ALREADY_CONSUMED", "NO_LONGER_VALID"].includes(failure.code);
}

interface Found {
  readonly course: Course;
  /** Of an act on a ballot. */
  readonly n?: number;
  /** Whose ballot it is, by name or address. */
  readonly person?: string;
}

type Perform = (to: ActOptions, found: Found, actor: Actor, values: Values) => Promise<Done>;

/** Of an act on the whole approval. */
function doneBy(verb: string, acted: Acted<unknown>): Done {
  const failure = failureOf(verb, acted, { ...IN_WORDS, unknown: "", lost: () => LOST_APPROVAL });
  return { failure, outcome: auditOutcomeOf(acted) };
}

function addAct(
  router: IRouter,
  options: AdminActsOptions,
  act: AdminAct,
  path: string,
  perform: Perform,
): void {
  const { entrance, pages } = options;
  const fields: readonly ActField[] = ADMIN_ACTS[act].fields;

  const show = (
    res: Response,
    operator: Operator,
    { course, person }: Found,
    given: { readonly form: ActForm; readonly nonce: string; readonly failure?: ServiceError } | undefined,
  ) => {
    const { form, nonce = options.newNonce(), failure } = given ?? {};
    pages.render(res, {
      status: given === undefined ? 200 : isTooLate(failure) ? 409 : 422,
      view: "adminAct",
      data: {
        operator,
        act,
        title: course.request.title,
        reference: course.root.id,
        ...(person === undefined ? {} : { person }),
        press: nonce,
        values: form?.values ?? new Map(),
        faults: form?.faults ?? new Map(),
        ...(failure && { problem: problemIn(act, failure) }),
      },
    });
  };

  addRoute(router, path, {
    GET: entrance.acting(async (req, res, operator) => {
      show(res, operator, await foundBy(options, req, res), undefined);
    }),
    POST: entrance.acting(async (req, res, operator) => {
      const found = await foundBy(options, req, res);
      const posted = await readPostedAct(req, res);
      assertOwnForm(posted, operator);
      const form = judgeActForm(posted, fields);
      const press = form.press ?? options.newNonce();
      const wrong = deadlineFailure(form.values);
      if (!form.isConfirmed || form.faults.size > 0 || wrong !== undefined) {
        return show(res, operator, found, { form, nonce: press, ...(wrong && { failure: wrong }) });
      }
      const actor = actorOf(operator, nonceOfForm(act, { ...form, press }, options.newNonce));
      const { failure, outcome } = await perform(actOptionsOf(options, res), found, actor, form.values);
      tell(res, act === "ask-again" ? "revoke" : act, found, actor, outcome);
      // Not at once: the same act may be possible later, and its nonce must then be another.
      if (failure !== undefined)
        return show(res, operator, found, { form, nonce: options.newNonce(), failure });
      seeOther(res, adminApprovalHref(found.course.root.id));
    }),
  });
}

/** The question is shown before it is sent, as to the person who asked. */
function addChange(router: IRouter, options: AdminActsOptions): void {
  const { entrance, pages } = options;

  const show = (
    res: Response,
    operator: Operator,
    { course }: Found,
    given?: {
      readonly form: ChangeForm;
      readonly nonce: string;
      readonly isSame: boolean;
      readonly failure?: ServiceError;
    },
  ) => {
    const { form, nonce = options.newNonce(), isSame = false, failure } = given ?? {};
    const isWrong = form !== undefined && (form.faults.size > 0 || isSame || failure !== undefined);
    const { title } = course.request;
    pages.render(res, {
      status: isTooLate(failure) ? 409 : isWrong ? 422 : 200,
      view: "adminChange",
      data: {
        operator,
        press: nonce,
        requester: course.call.request.requester ?? { email: "" },
        title,
        reference: course.root.id,
        back: adminApprovalHref(course.root.id),
        values: form?.values ?? filledWith(contentOf(course.request)),
        faults: form?.faults ?? new Map(),
        isSame,
        ...(failure && { problem: problemIn("change", failure) }),
        ...(form === undefined || isWrong || !form.isConfirmed ? {} : { preview: form }),
      },
    });
  };

  addRoute(router, "/admin/approvals/:id/change", {
    GET: entrance.acting(async (req, res, operator) => {
      show(res, operator, await foundBy(options, req, res));
    }),
    POST: entrance.acting(async (req, res, operator) => {
      const found = await foundBy(options, req, res);
      const posted = await readPostedChange(req, res);
      assertOwnForm(posted, operator);
      const form = judgeChangeForm(posted);
      const press = form.press ?? options.newNonce();
      const { content, note } = form;
      const { summary, ...others } = content;
      const asked = textsOf({ ...others, ...(summary ? { summary } : {}) });
      const isSame = note === undefined && isSameJson(textsOf(found.course.request), asked);
      if (!form.isConfirmed || form.faults.size > 0 || isSame || !form.isSent) {
        return show(res, operator, found, { form, nonce: press, isSame });
      }
      const actor = actorOf(operator, nonceOfForm("change", { ...form, press }, options.newNonce));
      const { id } = found.course.root;
      const acted = await changeApproval(actOptionsOf(options, res), id, { ...actor, content, note });
      const { failure, outcome } = doneBy("change", acted);
      tell(res, "change", found, actor, outcome);
      if (failure !== undefined) return show(res, operator, found, { form, nonce: press, isSame, failure });
      seeOther(res, adminApprovalHref(id));
    }),
  });
}

/** The approval, and the ballot, that the address names. */
async function foundBy({ durable }: AdminActsOptions, req: Request, res: Response): Promise<Found> {
  const id = String(req.params["id"]);
  const course = isPromiseId(id) ? await readCourse(durable, id) : undefined;
  if (course === undefined) throw unknownApproval(id);
  noteApproval(res, course.root.id);
  const named = req.params["n"];
  if (named === undefined) return { course };
  const ballot = course.ballots.find((each) => String(each.ballot.n) === named)?.ballot;
  if (ballot === undefined) throw new ServiceError("NOT_FOUND", "This approval has no such question");
  const { n, approver } = ballot;
  return { course, n, person: approver.name ?? approver.email };
}

/** A deadline is read like that of a request. */
function deadlineFailure(values: Values): ServiceError | undefined {
  const deadline = values.get("deadline");
  const problem = deadline === undefined ? undefined : deadlineProblem(deadline);
  if (problem === undefined) return undefined;
  return new ServiceError("INVALID_FIELDS", `The deadline ${problem}.`);
}

/** On the record, an operator is the caller of an act, as a program is. */
function actorOf({ caller }: Operator, nonce: string): Actor {
  return { door: "api", nonce, caller };
}

/** Also records what came too late or was refused: that is kept nowhere else. */
function tell(
  res: Response,
  what: string,
  { course, n }: Found,
  { caller, nonce }: Actor,
  outcome: string,
): void {
  const approval = course.root.id;
  audit(res, {
    who: caller ?? "",
    what,
    about: n === undefined ? approval : ballotId(approval, n),
    approval,
    nonce,
    outcome,
  });
}

function namesOf<Name extends string>(acts: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(acts) as Name[];
}

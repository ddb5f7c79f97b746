/**
 * The pages of the person who asked, by their link (`requester.ts`) or signed in (`inbox-requests.ts`): where the approval
 * stands, what happened, and the forms by which they remind, change, extend and cancel. Only a confirmed POST of one of these
 * forms changes anything. An act that comes too late is answered with the page as it is now.
 */
import type { IRouter, Request, RequestHandler, Response } from "express";
import type { Person } from "../../approval/approval.ts";
import { textsOf } from "../../approval/content.ts";
import { parseDuration } from "../../approval/duration.ts";
import { addressKey } from "../../approval/person.ts";
import type { KnownPeople } from "../../approval/same-person.ts";
import { cancellationOf, changeOf, extensionOf, reassignmentOf } from "../../approval/stored.ts";
import { certainOutcome } from "../../approval/view.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Acted, Actor } from "../../service/approvals/act.ts";
import { replaceUnreached } from "../../service/approvals/ballot-acts.ts";
import { cancelApproval } from "../../service/approvals/cancel.ts";
import { changeApproval, extendApproval } from "../../service/approvals/end-acts.ts";
import { remindBallot } from "../../service/approvals/mail-acts.ts";
import { unreachedBallots } from "../../service/approvals/returned.ts";
import { audit } from "../http/audit.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { ACT_FIELDS, type ActForm, personIn, readActForm } from "../pages/act-form.ts";
import { type ChangeForm, readChangeForm } from "../pages/change-form.ts";
import type { ActPage } from "../pages/page.ts";
import { actOptionsOf, nonceOfForm } from "./actor.ts";
import { type ReceiptFileOptions, sendOutcomeReceipt } from "./receipt-file.ts";
import { REFUSAL_PAGE } from "./refusal-page.ts";
import { addRevokePage, type OwnPageOptions, type ReachOwn } from "./revoke-page.ts";
import { type Asked, actsOf, showChange, showForm, showNow, showRequest, tooLate } from "./show-request.ts";
import { STANDING_PAGE } from "./standing-page.ts";
import { isOwnForm } from "./way.ts";

export interface RequestPagesOptions extends ReceiptFileOptions, OwnPageOptions {
  /** Aborted when the process is asked to stop. */
  readonly draining: AbortSignal;
  readonly outcomeWaitMs?: number | undefined;
  /** Which addresses are one person's, by the operator's list. Default: it is empty. */
  readonly known?: KnownPeople | undefined;
}

/** How the routes of one way find the approval; undefined: the answer is given already. */
type Reach = (req: Request, res: Response) => Promise<Asked | undefined>;

/** @param route of the page */
export function addRequestPages(
  router: IRouter,
  options: RequestPagesOptions,
  route: string,
  reach: Reach,
): void {
  const addPage = (
    path: string,
    handlers: {
      readonly [method in "GET" | "POST"]?: (req: Request, res: Response, asked: Asked) => unknown;
    },
  ) => {
    const reached =
      (handler: (req: Request, res: Response, asked: Asked) => unknown): RequestHandler =>
      async (req, res) => {
        const asked = await reach(req, res);
        if (asked !== undefined) await handler(req, res, asked);
      };
    addRoute(router, `${route}${path}`, {
      ...(handlers.GET && { GET: reached(handlers.GET) }),
      ...(handlers.POST && { POST: reached(handlers.POST) }),
    });
  };

  addPage("", { GET: (_req, res, asked) => showRequest(options, res, asked) });

  const addForm = (act: "cancel" | "extend", perform: Perform) =>
    addPage(`/${act}`, {
      GET: (_req, res, asked) => {
        if (actsOf(asked)?.[act] === undefined) return seeOther(res, asked.way.path);
        showForm(options, res, asked, { act });
      },
      POST: async (req, res, asked) => {
        const form = await readActForm(req, res, ACT_FIELDS[act]);
        const { path } = asked.way;
        if (!isOwnForm(options, res, asked.way, form)) return;
        const nonce = nonceOfForm(act, form, options.newNonce);
        if ((act === "cancel" && isCancelling(asked)) || isDone(asked, nonce)) return seeOther(res, path);
        if (actsOf(asked)?.[act] === undefined) return tooLate(options, res, asked, act);
        if (!form.isConfirmed || form.faults.size > 0) return showForm(options, res, asked, { act, form });
        const outcome = await perform(asked, res, form, nonce);
        auditAct(res, act, asked, typeof outcome === "string" ? outcome : outcome.refused);
        if (outcome === "stored") return seeOther(res, path);
        if (outcome === "too late") return tooLate(options, res, asked, act);
        showForm(options, res, asked, { act, form, refused: outcome.refused });
      },
    });

  addForm("cancel", async (asked, res, { values }, nonce) => {
    const { course } = asked;
    try {
      await cancelApproval(
        actOptionsOf(options, res),
        { root: course.root, request: course.call.request },
        { ...actorOf(asked, nonce), reason: values.get("reason") },
      );
      return "stored";
    } catch (error) {
      if (error instanceof ServiceError && error.code === "CONFLICT") return "too late";
      throw error;
    }
  });
  addForm("extend", async ({ course, ...asked }, res, { values }, nonce) => {
    const moreMs = parseDuration(values.get("more") ?? "") ?? 0;
    const deadline = new Date(course.deadlineAtMs + moreMs).toISOString();
    const call = { ...actorOf(asked, nonce), deadline };
    const acted = await extendApproval(actOptionsOf(options, res), course.root.id, call);
    return outcomeOf(acted);
  });

  addPage("/change", {
    GET: (_req, res, asked) => {
      if (actsOf(asked)?.change === undefined) return seeOther(res, asked.way.path);
      showChange(options, res, asked, {});
    },
    POST: async (req, res, asked) => {
      const form = await readChangeForm(req, res);
      if (isOwnForm(options, res, asked.way, form)) await change(options, res, asked, form);
    },
  });

  addPage("/replace/:n", {
    GET: async (req, res, asked) => {
      const instead = await unreachedPerson(options, asked, req);
      if (instead === undefined) return seeOther(res, asked.way.path);
      showForm(options, res, asked, { act: "replace", instead });
    },
    POST: async (req, res, asked) => {
      const form = await readActForm(req, res, ACT_FIELDS.replace);
      const { path } = asked.way;
      if (!isOwnForm(options, res, asked.way, form)) return;
      const nonce = nonceOfForm("replace", form, options.newNonce);
      if (asked.course.ballots.some(({ record }) => reassignmentOf(record)?.nonce === nonce)) {
        return seeOther(res, path);
      }
      const instead = await unreachedPerson(options, asked, req);
      // They have answered, or somebody else is asked by now.
      if (instead === undefined) return showNow(options, res, asked, { kind: "replace" });
      const shown = { act: "replace", instead, form } as const;
      if (!form.isConfirmed || form.faults.size > 0) return showForm(options, res, asked, shown);
      const { values } = form;
      const call = { ...actorOf(asked, nonce), to: personIn(values), reason: values.get("reason") };
      const named = { approval: asked.course.root.id, n: Number(req.params["n"]) };
      const outcome = outcomeOf(await replaceUnreached(actOptionsOf(options, res), named, call));
      auditAct(res, "replace", asked, typeof outcome === "string" ? outcome : outcome.refused);
      if (outcome === "stored") return seeOther(res, path);
      if (outcome === "too late") return showNow(options, res, asked, { kind: "replace" });
      // It is not the reader's own address, but that of somebody who is asked.
      const refused = outcome.refused === "to-same" ? "to-member" : outcome.refused;
      showForm(options, res, asked, { ...shown, refused });
    },
  });

  const reachOwn: ReachOwn = async (req, res) => {
    const asked = await reach(req, res);
    return asked && { course: asked.course, reader: asked.requester, way: asked.way };
  };
  addRevokePage(router, options, { route, name: "standing", reach: reachOwn }, STANDING_PAGE);
  addRevokePage(router, options, { route, name: "refusal", reach: reachOwn }, REFUSAL_PAGE);

  addPage("/signed", {
    GET: (_req, res, { course }) => sendOutcomeReceipt(options, res, course.root),
  });

  addPage("/remind", {
    GET: (_req, res, { way }) => seeOther(res, way.path),
    POST: async (req, res, asked) => {
      const form = await readActForm(req, res, []);
      if (!isOwnForm(options, res, asked.way, form)) return;
      if (!form.isConfirmed) return seeOther(res, asked.way.path);
      await remind(options, res, asked, nonceOfForm("remind", form, options.newNonce));
    },
  });
}

type Outcome = "stored" | "too late" | { readonly refused: NonNullable<ActPage["refused"]> };

type Perform = (asked: Asked, res: Response, form: ActForm, nonce: string) => Promise<Outcome>;

/** Whether their own cancellation stands, or nothing is known against it: doing it again, as by Back, is no failure to tell of. */
function isCancelling({ course, requester }: Asked): boolean {
  const { root, end } = course;
  const by = end && cancellationOf(end)?.by;
  if (by === undefined || addressKey(by) !== addressKey(requester.email)) return false;
  const outcome = certainOutcome(course);
  return outcome === undefined ? root.state === "pending" : outcome === "cancelled";
}

/** Whether a press of the same form, filled in the same way, has moved the deadline or changed the question. */
function isDone({ course }: Asked, nonce: string): boolean {
  return course.ends.some((end) => (extensionOf(end) ?? changeOf(end))?.nonce === nonce);
}

async function change(
  options: RequestPagesOptions,
  res: Response,
  asked: Asked,
  form: ChangeForm,
): Promise<void> {
  const { course } = asked;
  const nonce = nonceOfForm("change", form, options.newNonce);
  if (isDone(asked, nonce)) return seeOther(res, asked.way.path);
  if (actsOf(asked)?.change === undefined) return tooLate(options, res, asked, "change");
  const { content, note, isSent, isConfirmed, faults } = form;
  const isSame = note === undefined && isSameJson(textsOf(course.request), withoutEmpty(content));
  if (!isConfirmed || faults.size > 0 || isSame || !isSent)
    return showChange(options, res, asked, { form, isSame });
  const call = { ...actorOf(asked, nonce), content, note };
  const outcome = outcomeOf(await changeApproval(actOptionsOf(options, res), course.root.id, call));
  auditAct(res, "change", asked, typeof outcome === "string" ? outcome : outcome.refused);
  if (outcome === "stored") return seeOther(res, asked.way.path);
  if (outcome === "too late") return tooLate(options, res, asked, "change");
  showChange(options, res, asked, { form, refused: outcome.refused });
}

/** Reminds everybody who is asked just now and was not reminded within the hour. */
async function remind(
  options: RequestPagesOptions,
  res: Response,
  asked: Asked,
  nonce: string,
): Promise<void> {
  const { course } = asked;
  const open = course.ballots.filter(({ record }) => record.state === "pending");
  const actor = actorOf(asked, nonce);
  const to = { ...actOptionsOf(options, res), outcomeWaitMs: 0 };
  const acted = await Promise.all(
    open.map(({ ballot: { n } }) => remindBallot(to, { approval: course.root.id, n }, actor)),
  );
  const people = acted.filter((each) => each.kind === "stands" && each.effective).length;
  const refused = (["too-soon", "too-many-mails"] as const).find((why) =>
    acted.some((each) => each.kind === "refused" && each.why === why),
  );
  auditAct(res, "remind", asked, people > 0 ? "stored" : (refused ?? "too late"));
  const notice =
    people > 0 ? ({ kind: "reminded", people } as const) : ({ kind: refused ?? "nobody" } as const);
  await showNow(options, res, asked, notice);
}

function outcomeOf(acted: Acted<object>): Outcome {
  if (acted.kind === "refused") return acted.why === "ended" ? "too late" : { refused: acted.why };
  return acted.kind === "stands" && acted.effective ? "stored" : "too late";
}

/** The person of the ballot in the address, if they cannot be reached and somebody else can be asked. */
async function unreachedPerson(
  { durable }: RequestPagesOptions,
  asked: Asked,
  req: Request,
): Promise<Person | undefined> {
  const { course } = asked;
  const ballot = course.ballots.find(({ ballot: { n } }) => String(n) === req.params["n"]);
  const { version, request } = course.call;
  if (ballot === undefined || actsOf(asked) === undefined) return undefined;
  if (version === 1 || request.reassign === false) return undefined;
  const unreached = await unreachedBallots(durable, course);
  return unreached.has(ballot.ballot.n) ? ballot.ballot.approver : undefined;
}

function withoutEmpty({ title, summary, details }: ChangeForm["content"]) {
  return textsOf({ title, details, ...(summary === "" || summary === undefined ? {} : { summary }) });
}

function actorOf({ requester, way }: Pick<Asked, "requester" | "way">, nonce: string): Actor {
  return { door: way.door, nonce, by: requester.email };
}

function auditAct(res: Response, what: string, { course, way: { who } }: Asked, outcome: string): void {
  const approval = course.root.id;
  audit(res, { who, what, about: approval, approval, outcome });
}

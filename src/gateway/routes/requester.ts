/**
 * `/a/:token`: the page of the person who asked, by their own signed link. It tells where the approval stands and what
 * happened; from it they remind, change, extend and cancel.
 *
 * A link is good if its signature and claims are, and the approval is the one that it was made for: there is a requester, and
 * it was born then. (Ids can be used again once old approvals are deleted.) Only a POST of a form of these pages, with its
 * confirmation, does anything. Whoever comes too late is told what stands.
 */
import type { IRouter, Request, Response } from "express";
import type { Person } from "../../approval/approval.ts";
import { contentOf } from "../../approval/content.ts";
import type { Course } from "../../approval/course.ts";
import { parseDuration } from "../../approval/duration.ts";
import { isCancelled } from "../../approval/ending.ts";
import { changeOf, extensionOf, reassignmentOf } from "../../approval/stored.ts";
import { certainOutcome } from "../../approval/view.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Acted, Actor } from "../../service/approvals/act.ts";
import { replaceUnreached } from "../../service/approvals/ballot-acts.ts";
import { cancelApproval } from "../../service/approvals/cancel.ts";
import { changeApproval, extendApproval } from "../../service/approvals/end-acts.ts";
import { remindBallot } from "../../service/approvals/mail-acts.ts";
import { readCourse } from "../../service/approvals/question.ts";
import { unreachedBallots } from "../../service/approvals/returned.ts";
import type { LinkTokens } from "../../tokens/tokens.ts";
import { audit } from "../http/audit.ts";
import { noteApproval } from "../http/context.ts";
import { noCrossSitePresses } from "../http/guards.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { ACT_FIELDS, type ActForm, personIn, readActForm } from "../pages/act-form.ts";
import { type ChangeForm, filledWith, readChangeForm } from "../pages/change-form.ts";
import type { ActPage, ChangePage, RequestActs, RequestPage } from "../pages/page.ts";
import type { Pages } from "../pages/pages.ts";
import { changesAskedIn, requestActsOf, requestPageOf } from "../pages/request-page.ts";
import { actOptionsOf, nonceOfForm } from "./actor.ts";
import { refusedLink } from "./refused-link.ts";

export interface RequesterRoutesOptions {
  readonly durable: Durable;
  readonly tokens: LinkTokens;
  readonly pages: Pages;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly newId: () => string;
  /** 128 random bits in base64url: the name of one press. */
  readonly newNonce: () => string;
  /** Aborted when the process is asked to stop. */
  readonly draining: AbortSignal;
  readonly outcomeWaitMs?: number | undefined;
}

/** An approval as the person who asked for it sees it. */
interface Asked {
  readonly course: Course;
  readonly requester: Person;
  /** Opaque id of the requester. */
  readonly recipient: string;
  /** Path of their page. */
  readonly path: string;
}

export function addRequesterRoutes(router: IRouter, options: RequesterRoutesOptions): void {
  router.use("/a", noCrossSitePresses);
  addRoute(router, "/a/:token", {
    GET: async (req, res) => showRequest(options, res, await askedBy(options, req, res)),
  });

  addFormRoute(router, options, "cancel", async (asked, res, { values }) => {
    const { course } = asked;
    const { signal } = actOptionsOf(options, res);
    try {
      await cancelApproval(
        { ...options, signal },
        { root: course.root, request: course.call.request },
        { reason: values.get("reason"), door: "mail", by: asked.requester.email },
      );
      return "stored";
    } catch (error) {
      if (error instanceof ServiceError && error.code === "CONFLICT") return "too late";
      throw error;
    }
  });
  addFormRoute(router, options, "extend", async ({ course, ...asked }, res, { values }, nonce) => {
    const moreMs = parseDuration(values.get("more") ?? "") ?? 0;
    const deadline = new Date(course.deadlineAtMs + moreMs).toISOString();
    const call = { ...actorOf(asked, nonce), deadline };
    const acted = await extendApproval(actOptionsOf(options, res), course.root.id, call);
    return outcomeOf(acted);
  });

  addRoute(router, "/a/:token/change", {
    GET: async (req, res) => {
      const asked = await askedBy(options, req, res);
      if (actsOf(asked)?.change === undefined) return seeOther(res, asked.path);
      showChange(options, res, asked, {});
    },
    POST: async (req, res) => {
      const asked = await askedBy(options, req, res);
      await change(options, res, asked, await readChangeForm(req, res));
    },
  });

  addRoute(router, "/a/:token/replace/:n", {
    GET: async (req, res) => {
      const asked = await askedBy(options, req, res);
      const instead = await unreachedPerson(options, asked, req);
      if (instead === undefined) return seeOther(res, asked.path);
      showForm(options, res, asked, { act: "replace", instead });
    },
    POST: async (req, res) => {
      const asked = await askedBy(options, req, res);
      const form = await readActForm(req, res, ACT_FIELDS.replace);
      const nonce = nonceOfForm("replace", form, options.newNonce);
      if (asked.course.ballots.some(({ record }) => reassignmentOf(record)?.nonce === nonce)) {
        return seeOther(res, asked.path);
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
      if (outcome === "stored") return seeOther(res, asked.path);
      if (outcome === "too late") return showNow(options, res, asked, { kind: "replace" });
      // It is not the reader's own address, but that of somebody who is asked.
      const refused = outcome.refused === "to-same" ? "to-member" : outcome.refused;
      showForm(options, res, asked, { ...shown, refused });
    },
  });

  addRoute(router, "/a/:token/remind", {
    GET: async (req, res) => seeOther(res, (await askedBy(options, req, res)).path),
    POST: async (req, res) => {
      const asked = await askedBy(options, req, res);
      const form = await readActForm(req, res, []);
      if (!form.isConfirmed) return seeOther(res, asked.path);
      await remind(options, res, asked, nonceOfForm("remind", form, options.newNonce));
    },
  });
}

type Outcome = "stored" | "too late" | { readonly refused: NonNullable<ActPage["refused"]> };

/** An act with a form of its own. */
function addFormRoute(
  router: IRouter,
  options: RequesterRoutesOptions,
  act: "cancel" | "extend",
  perform: (asked: Asked, res: Response, form: ActForm, nonce: string) => Promise<Outcome>,
): void {
  addRoute(router, `/a/:token/${act}`, {
    GET: async (req, res) => {
      const asked = await askedBy(options, req, res);
      if (actsOf(asked)?.[act] === undefined) return seeOther(res, asked.path);
      showForm(options, res, asked, { act });
    },
    POST: async (req, res) => {
      const asked = await askedBy(options, req, res);
      const form = await readActForm(req, res, ACT_FIELDS[act]);
      const nonce = nonceOfForm(act, form, options.newNonce);
      if ((act === "cancel" && isCancelling(asked)) || isDone(asked, nonce)) return seeOther(res, asked.path);
      if (actsOf(asked)?.[act] === undefined) return tooLate(options, res, asked, act);
      if (!form.isConfirmed || form.faults.size > 0) return showForm(options, res, asked, { act, form });
      const outcome = await perform(asked, res, form, nonce);
      auditAct(res, act, asked, typeof outcome === "string" ? outcome : outcome.refused);
      if (outcome === "stored") return seeOther(res, asked.path);
      if (outcome === "too late") return tooLate(options, res, asked, act);
      showForm(options, res, asked, { act, form, refused: outcome.refused });
    },
  });
}

/** Whether a cancellation stands, or nothing is known against it: doing it again, as by Back, is no failure to tell of. */
function isCancelling({ course }: Asked): boolean {
  const outcome = certainOutcome(course);
  if (outcome !== undefined) return outcome === "cancelled";
  const { root, end } = course;
  return root.state === "pending" && end !== undefined && isCancelled(end);
}

/** Whether a press of the same form, filled in the same way, has moved the deadline or changed the question. */
function isDone({ course }: Asked, nonce: string): boolean {
  return course.ends.some((end) => (extensionOf(end) ?? changeOf(end))?.nonce === nonce);
}

async function change(
  options: RequesterRoutesOptions,
  res: Response,
  asked: Asked,
  form: ChangeForm,
): Promise<void> {
  const { course } = asked;
  const nonce = nonceOfForm("change", form, options.newNonce);
  if (isDone(asked, nonce)) return seeOther(res, asked.path);
  if (actsOf(asked)?.change === undefined) return tooLate(options, res, asked, "change");
  const { content, note, isSent, isConfirmed, faults } = form;
  const isSame = note === undefined && isSameJson(contentOf(course.request), withoutEmpty(content));
  if (!isConfirmed || faults.size > 0 || isSame || !isSent)
    return showChange(options, res, asked, { form, isSame });
  const call = { ...actorOf(asked, nonce), content, note };
  const outcome = outcomeOf(await changeApproval(actOptionsOf(options, res), course.root.id, call));
  auditAct(res, "change", asked, typeof outcome === "string" ? outcome : outcome.refused);
  if (outcome === "stored") return seeOther(res, asked.path);
  if (outcome === "too late") return tooLate(options, res, asked, "change");
  showChange(options, res, asked, { form, refused: outcome.refused });
}

/** Reminds everybody who is asked just now and was not reminded within the hour. */
async function remind(
  options: RequesterRoutesOptions,
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

/** The approval whose requester's link is in the address. */
async function askedBy(
  { durable, tokens, log, clock }: RequesterRoutesOptions,
  req: Request,
  res: Response,
): Promise<Asked> {
  const token = String(req.params["token"]);
  const verified = tokens.verifyRequesterLink(token, clock());
  if (!verified.ok) throw refusedLink(log, res, verified.reason);
  const { approval, bornAtMs, recipient } = verified.value;
  const course = await readCourse(durable, approval);
  if (course === undefined) throw refusedLink(log, res, "no-approval");
  if (course.root.createdAt !== bornAtMs) throw refusedLink(log, res, "other-birth");
  const { requester } = course.call.request;
  if (requester === undefined) throw refusedLink(log, res, "no-requester");
  noteApproval(res, approval);
  return { course, requester, recipient, path: `/a/${token}` };
}

/** The person of the ballot in the address, if they cannot be reached and somebody else can be asked. */
async function unreachedPerson(
  { durable }: RequesterRoutesOptions,
  { course }: Asked,
  req: Request,
): Promise<Person | undefined> {
  const ballot = course.ballots.find(({ ballot: { n } }) => String(n) === req.params["n"]);
  const { version, request } = course.call;
  if (ballot === undefined || actsOf({ course, path: "" }) === undefined) return undefined;
  if (version === 1 || request.reassign === false) return undefined;
  const unreached = await unreachedBallots(durable, course);
  return unreached.has(ballot.ballot.n) ? ballot.ballot.approver : undefined;
}

function actsOf({ course, path }: Pick<Asked, "course" | "path">): RequestActs | undefined {
  return requestActsOf(course, path);
}

async function showRequest(
  options: RequesterRoutesOptions,
  res: Response,
  asked: Asked,
  notice?: RequestPage["notice"],
): Promise<void> {
  const { course, requester, path } = asked;
  const press = options.newNonce();
  const unreached = await unreachedBallots(options.durable, course);
  const page = requestPageOf(course, { requester, path, press, unreached, nowMs: knownTime(options) });
  const data = { ...page, ...(notice && { notice }) };
  const status = notice === undefined || notice.kind === "reminded" ? 200 : 409;
  options.pages.render(res, { status, view: "request", data });
}

/** The page as the approval is stored now. */
async function showNow(
  options: RequesterRoutesOptions,
  res: Response,
  asked: Asked,
  notice: RequestPage["notice"],
): Promise<void> {
  const course = (await readCourse(options.durable, asked.course.root.id)) ?? asked.course;
  await showRequest(options, res, { ...asked, course }, notice);
}

function tooLate(
  options: RequesterRoutesOptions,
  res: Response,
  asked: Asked,
  kind: "cancel" | "change" | "extend",
): Promise<void> {
  return showNow(options, res, asked, { kind });
}

function showForm(
  { pages, newNonce }: RequesterRoutesOptions,
  res: Response,
  { course, requester, path }: Asked,
  {
    act,
    form,
    refused,
    instead,
  }: {
    readonly act: "cancel" | "extend" | "replace";
    readonly form?: ActForm;
    readonly refused?: ActPage["refused"];
    readonly instead?: Person;
  },
): void {
  pages.render(res, {
    status: form === undefined ? 200 : 422,
    view: "act",
    data: {
      act,
      reader: requester,
      title: course.request.title,
      reference: course.root.id,
      back: path,
      values: form?.values ?? new Map(),
      faults: form?.faults ?? new Map(),
      press: newNonce(),
      ...(refused && { refused }),
      ...(instead && { instead }),
    },
  });
}

function showChange(
  options: RequesterRoutesOptions,
  res: Response,
  asked: Asked,
  {
    form,
    refused,
    isSame = false,
  }: { readonly form?: ChangeForm; readonly refused?: ChangePage["refused"]; readonly isSame?: boolean },
): void {
  const { course, requester, path } = asked;
  const changes = changesAskedIn(course);
  const isWrong = form !== undefined && (form.faults.size > 0 || isSame || refused !== undefined);
  const preview = form === undefined || isWrong || !form.isConfirmed ? {} : { preview: form };
  options.pages.render(res, {
    status: isWrong ? 422 : 200,
    view: "change",
    data: {
      requester,
      title: course.request.title,
      reference: course.root.id,
      back: path,
      values: form?.values ?? filledWith(contentOf(course.request)),
      faults: form?.faults ?? new Map(),
      press: options.newNonce(),
      ...(changes && { changes }),
      ...(refused && { refused }),
      isSame,
      ...preview,
    },
  });
}

function withoutEmpty({ title, summary, details }: ChangeForm["content"]) {
  return contentOf({ title, details, ...(summary === "" || summary === undefined ? {} : { summary }) });
}

function actorOf({ requester }: Pick<Asked, "requester">, nonce: string): Actor {
  return { door: "mail", nonce, by: requester.email };
}

function auditAct(res: Response, what: string, { course, recipient }: Asked, outcome: string): void {
  const approval = course.root.id;
  audit(res, { who: `requester:${recipient}`, what, about: approval, approval, outcome });
}

/**
 * `/inbox`: what waits for a person who is signed in, what they asked for, and what is done.
 *
 * I1 Everything here is for the person of the session, and about their own ballots. A ballot of somebody else is not there.
 * I2 Lists come from the read model. Whether a ballot is open, and what a press did, is read from the promises.
 * I3 A link of a mail signs nobody in, and being signed in needs no link: neither is ever made of the other.
 */
import type { IRouter, Request, Response } from "express";
import { ballotId, isPromiseId } from "../../approval/ids.ts";
import { separableItems } from "../../approval/items.ts";
import { addressKey } from "../../approval/person.ts";
import { offeredChoices } from "../../approval/rule.ts";
import { tidyLines } from "../../approval/text.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { type Question, readQuestion, withOutcome } from "../../service/approvals/question.ts";
import { readInbox } from "../../service/inbox/list.ts";
import { noteApproval } from "../http/context.ts";
import { gone } from "../http/gone.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { askedOf, standsOf } from "../pages/asked.ts";
import { judgeDecisionForm, readPosted } from "../pages/decision-form.ts";
import { INBOX_FORM, INBOX_LISTS, type InboxList } from "../pages/inbox-page.ts";
import { ballotHref } from "../pages/inbox-paths.ts";
import { DECISION_FORM, type Rejected } from "../pages/page.ts";
import { formReader, type PostedForm } from "../pages/posted-form.ts";
import { type ActRoutesOptions, actPaths, addBallotActs } from "./ballot-acts.ts";
import { doNotAskByForm } from "./do-not-ask.ts";
import { type Press, press } from "./press.ts";
import { isEffective, resultStatus } from "./pressed.ts";
import { showStanding, undoPath } from "./show-standing.ts";
import { forVisitors, visitorFor } from "./signed-in.ts";
import { textsIn } from "./texts-in.ts";
import { type Visitor, type Visitors, whoIs } from "./visitors.ts";
import type { Way } from "./way.ts";

export interface InboxRoutesOptions extends ActRoutesOptions {
  readonly ledger: Pick<Ledger, "list">;
  readonly visitors: Visitors;
  readonly log: Logger;
}

/** One page of the inbox can be answered at once. */
const TOGETHER_MAX = 25;
/** Pages back that "previous" knows the way to. */
const TRAIL_MAX = 40;
/** A full comment on each, of characters such as € that take nine bytes. */
const readTogether = formReader({ bytesMax: 512 * 1024, controlsMax: 3 * TOGETHER_MAX + 8 });

export function addInboxRoutes(router: IRouter, options: InboxRoutesOptions): void {
  const { durable, visitors, pages, newNonce } = options;

  const signedIn = forVisitors(visitors);

  addRoute(router, "/inbox", {
    GET: signedIn(async (req, res, visitor) => {
      const { list, cursor, trail } = placeIn(req);
      const call = { list, person: visitor.email, ...(cursor === undefined ? {} : { cursor }) };
      const { items, nextCursor } = await readInbox(options, call);
      const before = trail.at(-1);
      const here = cursor ?? "";
      pages.render(res, {
        status: 200,
        view: "inbox",
        data: {
          visitor,
          list,
          items,
          nowMs: knownTime(options),
          ...(before === undefined ? {} : { previous: hrefOf(list, before, trail.slice(0, -1)) }),
          ...(nextCursor === undefined
            ? {}
            : { next: hrefOf(list, nextCursor, [...trail, here].slice(-TRAIL_MAX)) }),
        },
      });
    }),
  });

  addRoute(router, "/inbox/ballots/:pid", {
    GET: signedIn(async (req, res, visitor) => {
      const question = await ownQuestion(durable, String(req.params["pid"]), visitor);
      noteApproval(res, question.ballot.approval);
      show(res, visitor, question);
    }),
    POST: signedIn(async (req, res, visitor) => {
      const pid = String(req.params["pid"]);
      const question = await ownQuestion(durable, pid, visitor);
      const { ballot, request, standing } = question;
      noteApproval(res, ballot.approval);
      const choices = offeredChoices(request, ballot.round ?? 1);
      const asked = { choices, fields: request.fields, items: separableItems(request) };
      const posted = await readPosted(req, res, asked);
      if (!isOwnForm(res, posted, visitor)) return;
      const form = judgeDecisionForm(posted, asked);
      if (!form.ok)
        return show(res, visitor, question, { suggested: form.pressed?.value, rejected: form.rejected });
      const { choice, comment, fields, except } = form;
      const nonce = newNonce();
      const isOpen = standing.kind === "open";
      const spared = await doNotAskByForm(options, form, async () => question);
      if ("rejected" in spared) {
        return show(res, visitor, question, { suggested: choice.value, rejected: spared.rejected });
      }
      const answer = { choice, comment, fields, except, ...spared };
      await press(options, res, { pid, ballot, isOpen, nonce, ...answer, ...pressedBy(visitor) });
      // The nonce shows whose press counted; it is no secret, and settles nothing.
      seeOther(res, `${ballotHref(pid)}/result?press=${nonce}&choice=${choice.value}`);
    }),
  });

  addRoute(router, "/inbox/ballots/:pid/result", {
    GET: signedIn(async (req, res, visitor) => {
      const pid = String(req.params["pid"]);
      const found = await ownQuestion(durable, pid, visitor);
      const question = await withOutcome(durable, found, AbortSignal.any([options.draining, gone(res)]));
      const stands = standsOf(question);
      if (stands === undefined) return seeOther(res, ballotHref(pid));
      const pressed = textsIn(req.query["choice"])[0] ?? "";
      const effective = isEffective(textsIn(req.query["press"])[0] ?? "", question);
      const nowMs = knownTime(options);
      const undo = effective ? undoPath(question, ballotHref(pid), nowMs) : undefined;
      pages.render(res, {
        status: resultStatus(stands, pressed, effective),
        view: "receipt",
        data: { ...askedOf(question, nowMs), pressed, stands, effective, visitor, ...(undo && { undo }) },
      });
    }),
  });

  addBallotActs(router, options, "/inbox/ballots/:pid", async (req, res) => {
    const visitor = await visitorFor(visitors, req, res);
    if (visitor === undefined) return undefined;
    const pid = String(req.params["pid"]);
    const question = await ownQuestion(durable, pid, visitor);
    noteApproval(res, question.ballot.approval);
    return { question, way: wayOf(visitor, pid) };
  });

  addRoute(router, "/inbox/confirm", {
    GET: signedIn(async (req, res, visitor) => {
      const pids = textsIn(req.query[INBOX_FORM.ballot]);
      // The button was pressed before anything was selected.
      if (pids.length === 0) return seeOther(res, "/inbox");
      await confirm(res, visitor, pids);
    }),
    POST: signedIn(async (req, res, visitor) => {
      const posted = await readTogether(req, res);
      if (!isOwnForm(res, posted, visitor)) return;
      const nonce = posted.text(INBOX_FORM.press) ?? "";
      const pids = posted.texts(INBOX_FORM.ballot);
      if (pids.length === 0) return seeOther(res, "/inbox");
      // Of two answers to one question, which one did the person mean? No page of ours asks twice.
      if (new Set(pids).size < pids.length) return stale(res);
      const isConfirmed = posted.text(DECISION_FORM.confirm) === DECISION_FORM.confirmValue;
      const chosen = pids.slice(0, TOGETHER_MAX).flatMap((pid, i) => {
        const choice = posted.text(`${INBOX_FORM.choice}${i}`) ?? "";
        const comment = tidyLines(posted.text(`${INBOX_FORM.comment}${i}`) ?? "");
        return choice === "" ? [] : [{ pid, choice, comment }];
      });
      if (chosen.length === 0 || !isConfirmed || !NONCE.test(nonce)) {
        return await confirm(res, visitor, pids, true);
      }
      const answers = chosen.map((each) => answer(res, visitor, { ...each, nonce }));
      const settled = await Promise.allSettled(answers);
      const results = settled.flatMap((one) => (one.status === "rejected" ? [] : (one.value ?? [])));
      const failed = settled.find((one) => one.status === "rejected");
      // If nothing is known to be recorded, this is an error like any other. Otherwise the page shows the state of each ballot.
      if (failed !== undefined && results.length === 0) throw failed.reason;
      const unknown = settled.flatMap((one, i) => (one.status === "rejected" ? (chosen[i]?.pid ?? []) : []));
      pages.render(res, {
        status: failed === undefined ? 200 : 503,
        view: "inboxResults",
        data: { visitor, results, unknown },
      });
    }),
  });

  /** Shows each of the ballots whole, as far as they are this person's, open, and plain. */
  async function confirm(res: Response, visitor: Visitor, pids: readonly string[], isEmpty = false) {
    const selected = [...new Set(pids)].slice(0, TOGETHER_MAX);
    const found = await Promise.all(selected.map((pid) => ownQuestionIfAny(durable, pid, visitor)));
    const questions = found.flatMap((question, i) =>
      question === undefined || question.standing.kind !== "open" || !isPlain(question)
        ? []
        : [{ pid: selected[i] ?? "", asked: askedOf(question, knownTime(options)) }],
    );
    const left = selected.length - questions.length;
    const data = { visitor, nonce: newNonce(), questions, left, ...(isEmpty ? { isEmpty } : {}) };
    pages.render(res, { status: isEmpty ? 422 : 200, view: "inboxConfirm", data });
  }

  /** One of several answers. The form's confirmation is the press for all of them. */
  async function answer(
    res: Response,
    visitor: Visitor,
    { pid, choice: value, comment: text, nonce }: Chosen,
  ) {
    const before = await ownQuestionIfAny(durable, pid, visitor);
    if (before === undefined || !isPlain(before)) return undefined;
    const asked = askedOf(before, knownTime(options));
    const posted = new Map<string, string>([
      [DECISION_FORM.confirm, DECISION_FORM.confirmValue],
      [DECISION_FORM.choice, value],
      [DECISION_FORM.comment, text],
    ]);
    const one = { isDoubled: false, text: (name: string) => posted.get(name) };
    const { ballot, request, standing } = before;
    const form = judgeDecisionForm(one, { choices: offeredChoices(request, ballot.round ?? 1) });
    if (!form.ok) return { pid, asked, pressed: value, effective: false };
    const { choice, comment } = form;
    const isOpen = standing.kind === "open";
    const fields = undefined;
    const by = pressedBy(visitor);
    await press(options, res, { pid, ballot, isOpen, nonce, choice, comment, fields, ...by });
    const after = (await readQuestion(durable, pid)) ?? before;
    const stands = standsOf(after);
    const effective = isEffective(nonce, after);
    return { pid, asked, pressed: value, effective, ...(stands === undefined ? {} : { stands }) };
  }

  /** The form while the question is open; otherwise how the ballot was settled. */
  function show(
    res: Response,
    visitor: Visitor,
    question: Question,
    { suggested, rejected }: { readonly suggested?: string | undefined; readonly rejected?: Rejected } = {},
  ): void {
    const { approval, n } = question.ballot;
    const way = wayOf(visitor, ballotId(approval, n));
    if (standsOf(question) !== undefined) return showStanding(options, res, { question, way });
    const asked = askedOf(question, knownTime(options));
    const form = { ...(suggested && { suggested }), ...(rejected && { rejected }) };
    const status = rejected === undefined ? 200 : 422;
    // Approvals of an earlier version of the workflow take answers, and nothing else.
    const acts = question.course.call.version === 1 ? {} : { acts: actPaths(way.path, question) };
    pages.render(res, { status, view: "decide", data: { ...asked, ...form, ...acts, visitor } });
  }

  function isOwnForm(res: Response, posted: PostedForm, visitor: Visitor): boolean {
    const isOwn = visitor.isOwnForm(posted.text(INBOX_FORM.form));
    if (!isOwn) stale(res);
    return isOwn;
  }

  function stale(res: Response): void {
    pages.render(res, { status: 403, view: "signInOver", data: { because: "stale" } });
  }
}

function pressedBy(visitor: Visitor): Pick<Press, "door" | "signedInBy" | "who"> {
  return { door: "inbox", signedInBy: visitor.signedInBy, who: whoIs(visitor) };
}

function wayOf(visitor: Visitor, pid: string): Way {
  return { path: ballotHref(pid), door: "inbox", who: whoIs(visitor), visitor };
}

interface Chosen {
  readonly pid: string;
  readonly choice: string;
  readonly comment: string;
  readonly nonce: string;
}

const NONCE = /^[A-Za-z0-9_-]{22}$/u;

/** Requests with choices or fields of their own, or with items, are answered each on its page. */
function isPlain({ request }: Question): boolean {
  return request.choices === undefined && request.fields === undefined && separableItems(request) === 0;
}

/** The person's question; for all others, and for what is no ballot, there is none. */
async function ownQuestion(durable: Durable, pid: string, visitor: Visitor): Promise<Question> {
  const question = await ownQuestionIfAny(durable, pid, visitor);
  if (question === undefined)
    throw new ServiceError("NOT_FOUND", "Nothing that you are asked has this address");
  return question;
}

async function ownQuestionIfAny(
  durable: Durable,
  pid: string,
  { email }: Visitor,
): Promise<Question | undefined> {
  const question = isPromiseId(pid) ? await readQuestion(durable, pid) : undefined;
  const isTheirs = question !== undefined && addressKey(question.ballot.approver.email) === addressKey(email);
  return isTheirs ? question : undefined;
}

/** Which page of which list: the cursors of the pages before it are in the address, so that there is a way back. */
function placeIn({ query }: Request): {
  readonly list: InboxList;
  readonly cursor: string | undefined;
  readonly trail: readonly string[];
} {
  const list = INBOX_LISTS.find((each) => each === query["list"]) ?? "waiting";
  const [cursor] = textsIn(query["cursor"]);
  return { list, cursor: cursor || undefined, trail: textsIn(query["before"]).slice(-TRAIL_MAX) };
}

function hrefOf(list: InboxList, cursor: string, trail: readonly string[]): string {
  const query = new URLSearchParams();
  if (list !== "waiting") query.set("list", list);
  if (cursor !== "") query.set("cursor", cursor);
  for (const each of trail) query.append("before", each);
  const text = query.toString();
  return text === "" ? "/inbox" : `/inbox?${text}`;
}

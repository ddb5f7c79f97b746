/** The workflow of a notice: one mail that asks for nothing new. */
import type { Context } from "@resonatehq/sdk";
import { awayIn } from "../../src/approval/absence.ts";
import {
  type ApprovalRequest,
  LINK_VIEW_MS,
  type OutcomeKind,
  type Person,
} from "../../src/approval/approval.ts";
import { bounceText } from "../../src/approval/bounce.ts";
import { asked } from "../../src/approval/content.ts";
import { type Program, programOf } from "../../src/approval/doer.ts";
import { openingAsks } from "../../src/approval/evaluate/asks.ts";
import { OPENING } from "../../src/approval/evaluate/look.ts";
import { childId } from "../../src/approval/ids.ts";
import { grantedStanding } from "../../src/approval/limits/granted.ts";
import { slotIn } from "../../src/approval/limits/use-record.ts";
import { type NextDeadline, nextDeadline } from "../../src/approval/next-deadline.ts";
import type { Notice, NoticeEnd, Says } from "../../src/approval/notice.ts";
import { operatorCaller } from "../../src/approval/operator.ts";
import { saidIn } from "../../src/approval/refusal/standing-refusal.ts";
import { ruleOf } from "../../src/approval/rule.ts";
import { startStepIn } from "../../src/approval/start-step.ts";
import { callOf, extensionOf, reassignmentOf, requestOf } from "../../src/approval/stored.ts";
import { noticeIn } from "../../src/approval/stored-notice.ts";
import { useId } from "../../src/approval/use.ts";
import { VIEW_LINK } from "../../src/approval/view-link.ts";
import type { Mail, MailOf } from "../../src/channels/mail/message.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import { stored } from "../../src/durable/protocol-client.ts";
import { announce } from "../../src/service/callbacks/announce.ts";
import { eventsOfMail } from "../../src/service/callbacks/events.ts";
import { type ProductServices, productServices } from "../runtime/services.ts";
import { askMail, ballotMail, broughtBy } from "./ask-mail.ts";
import { afterTry, sentAs, type Tried, type Try, untilTaken } from "./mail-tries.ts";
import { read, readSettled } from "./records.ts";
import { keptReturnPath } from "./return-path.ts";

export function* approval_mail(ctx: Context, input: unknown): Generator<unknown, NoticeEnd> {
  const notice = noticeIn(input);
  if (notice === undefined) throw new TypeError("Cannot send: the argument is not a notice");
  return yield* untilTaken(ctx, send_notice, notice);
}

/** Sends the mail, unless what it says is no longer so. */
async function send_notice(ctx: Context, notice: Notice, one: Try): Promise<Tried> {
  const svc = productServices(ctx);
  await tellOfBounce(svc, notice);
  const mail = await mailFor(svc, notice);
  if (mail === undefined) return sentAs({ status: "skipped" });
  const sending = svc.traced(ctx.id, "mail", () => svc.mailer.send(mail));
  const delivery = await svc.apart(notice.approval, sending);
  return sentAs(afterTry(delivery, one, svc.now()));
}

/** Where the mail came back after a relay had taken it, no step of the approval has told the receivers of events. */
async function tellOfBounce(svc: ProductServices, { approval, startedAtMs, says }: Notice): Promise<void> {
  if (says.mail !== "undeliverable" || says.bounce === undefined) return;
  const request = requestOf(await read(svc, approval));
  if (request === undefined) return;
  const { n, bounce } = says;
  const events = eventsOfMail(
    approval,
    { kind: "mail", n, delivery: { status: "undeliverable", reason: bounceText(bounce) } },
    () => bounce.atMs,
  );
  await announce(svc, startedAtMs, events, request.callbackUrl);
  for (const event of events) svc.onEvent?.(event, request);
}

async function mailFor(svc: ProductServices, notice: Notice): Promise<Mail | undefined> {
  const { approval, content, says, order } = notice;
  const root = await begunAs(svc, notice);
  const first = requestOf(root);
  if (first === undefined) return undefined;
  const request = asked(first, content);
  if (!("first" in says)) return await requesterMail(svc, says, { approval, request, root });
  const record = await read(svc, childId(approval, says.n));
  const earlier = says.first === says.n ? undefined : await read(svc, childId(approval, says.first));
  const about = { approval, request, record, first: earlier };
  switch (says.mail) {
    case "reminder":
    case "resend": {
      const end = await read(svc, says.end);
      // A deadline that was moved since ends nothing.
      const untilMs = extensionOf(end)?.untilMs;
      if (record.state !== "pending" || (end.state !== "pending" && untilMs === undefined)) return undefined;
      const endAtMs = untilMs ?? says.deadlineAtMs;
      const returnPath = await keptReturnPath(svc, record, endAtMs + LINK_VIEW_MS);
      const asking = {
        ...askMail(svc, about, deadlineOf(says, request, endAtMs), endAtMs),
        ...(returnPath === undefined ? {} : { returnPath }),
        // Links that an extension would outlive are mailed again because of it.
        ...broughtBy(order ?? (says.mail === "resend" ? extensionOf(end) : undefined)),
      };
      return says.mail === "resend"
        ? { kind: "request", ...asking, resentAtMs: says.atMs }
        : { kind: "reminder", ...asking, dueAtMs: says.dueAtMs, explanation: says.explanation };
    }
    case "handed-on": {
      const { to, reason } = says;
      return {
        kind: "handed-on",
        ...ballotMail(about),
        to,
        ...(reason === undefined ? {} : { reason }),
        ...broughtBy(reassignmentOf(record)),
      };
    }
    case "no-longer-needed": {
      const { because, atMs, reason } = says;
      return {
        kind: "no-longer-needed",
        ...ballotMail(about),
        because,
        atMs,
        ...(reason === undefined ? {} : { reason }),
        ...broughtBy(cancelledBy(says)),
      };
    }
    case "outcome": {
      const mail = ballotMail(about);
      const said = saidIn(says);
      if (!said.some(({ n }) => n === says.n)) return { kind: "outcome", ...mail, ...endedBy(says) };
      const untilMs = Math.max(...said.map(({ doNotAsk }) => Date.parse(doNotAsk.until)));
      const link = viewLink(svc, record, mail, untilMs + LINK_VIEW_MS);
      return { kind: "outcome", ...mail, ...endedBy(says), link: `${link}/refusal` };
    }
    case "standing-used": {
      const used = await usedAs(svc, root, says);
      if (used === undefined) return undefined;
      const mail = ballotMail(about);
      const link = viewLink(svc, record, mail, used.untilMs + LINK_VIEW_MS);
      return { kind: "standing-used", ...mail, ...used, link: `${link}/standing` };
    }
    default:
      return says satisfies never;
  }
}

/** URL of the approver's page, for a link that suggests no answer. */
function viewLink(
  { tokens, publicUrl }: ProductServices,
  { id: pid }: StoredPromise,
  { bornAtMs, recipient, gen }: Pick<MailOf<"outcome">, "bornAtMs" | "recipient" | "gen">,
  expiresAtMs: number,
): string {
  const link = tokens.issueLink({ pid, recipient, choice: VIEW_LINK, gen, bornAtMs, expiresAtMs });
  return `${publicUrl}/d/${link}`;
}

/** The approval as it was begun; its state may be older. Nearly always this worker ran it a moment ago. */
async function begunAs(
  svc: ProductServices,
  { approval, startedAtMs }: Pick<Notice, "approval" | "startedAtMs">,
): Promise<StoredPromise> {
  const told = svc.begun(approval);
  const known = told && stored(told);
  const isSame = known !== undefined && callOf(known)?.terms.startedAtMs === startedAtMs;
  return isSame ? known : await read(svc, approval);
}

/** From the approval's deadline as it is now, because it may have been moved since the notice was ordered. */
function deadlineOf(
  { place }: Extract<Says, { readonly end: string }>,
  request: ApprovalRequest,
  endAtMs: number,
): Pick<NextDeadline, "atMs"> & Partial<NextDeadline> {
  if (place === undefined) return { atMs: endAtMs };
  return nextDeadline(ruleOf(request), place, place.sinceMs, endAtMs);
}

async function requesterMail(
  svc: ProductServices,
  says: Exclude<Says, { readonly first: number }>,
  {
    root,
    ...about
  }: { readonly approval: string; readonly request: ApprovalRequest; readonly root: StoredPromise },
): Promise<Mail | undefined> {
  const { requester } = about.request;
  if (requester === undefined) return undefined;
  const { tokens, publicUrl } = svc;
  const recipient = tokens.recipientId(about.approval, requester.email);
  const bornAtMs = root.createdAt;
  const token = tokens.issueRequesterLink({
    approval: about.approval,
    recipient,
    bornAtMs,
    // The deadline can be moved as far as the approval's own time goes.
    expiresAtMs: root.timeoutAt + LINK_VIEW_MS,
  });
  const to = { ...about, requester, recipient, bornAtMs, link: `${publicUrl}/a/${token}` };
  switch (says.mail) {
    case "requester-outcome":
      return { kind: "requester-outcome", ...to, ...endedBy(says) };
    case "requester-standing-used": {
      const used = await usedAs(svc, root, says);
      return used && { kind: "requester-standing-used", ...to, ...used, link: `${to.link}/standing` };
    }
    case "requested":
      return { kind: "requested", ...to, people: await askedFirst(svc, root) };
    case "undeliverable":
      return { kind: "undeliverable", ...to, people: [says.person], ballots: [says.n] };
    case "out-of-reach": {
      // What an approval that has ended could not get is told with its outcome.
      if ((await read(svc, about.approval)).state !== "pending") return undefined;
      const { n, explanation, deadlineAtMs, mayChange } = says;
      return { kind: "out-of-reach", ...to, n, explanation, deadlineAtMs, mayChange };
    }
    case "changes-requested": {
      const { by, door, comment, round, rounds, deadlineAtMs } = says;
      return {
        kind: "changes-requested",
        ...to,
        by,
        ...(door === undefined ? {} : { door }),
        ...programOf(says),
        ...(comment === undefined ? {} : { comment }),
        round,
        rounds,
        deadlineAtMs,
      };
    }
    default:
      return says satisfies never;
  }
}

/** A use of a standing approval; undefined if it came too late, and so is none. */
async function usedAs(
  svc: ProductServices,
  begun: StoredPromise,
  { slot, told }: Extract<Says, { readonly slot: number }>,
) {
  const granted = grantedStanding(await readSettled(svc, begun.id, begun.id));
  if (granted === undefined) return undefined;
  const { untilMs } = granted;
  const taken = slotIn(await read(svc, useId(begun.id, slot)), untilMs);
  if (taken.kind !== "use") return undefined;
  return { told, slot, used: taken.use.used, atMs: taken.atMs, untilMs };
}

/** Those who were asked when the approval began: where somebody was away, another person. */
async function askedFirst(svc: ProductServices, root: StoredPromise): Promise<readonly Person[]> {
  const call = callOf(root);
  if (call === undefined) return [];
  const { request, terms, isScheduled } = call;
  // Without terms, the step before the ballots has settled it.
  const { away, people } =
    (isScheduled ? startStepIn((await read(svc, childId(root.id, 1))).value) : terms) ?? {};
  return openingAsks(ruleOf(request, people), OPENING, awayIn(away)).map(({ person }) => person);
}

function endedBy(says: Extract<Says, { readonly outcome: OutcomeKind }>) {
  const { outcome, atMs, decisions, why, reason } = says;
  return {
    outcome,
    atMs,
    decisions,
    ...(why && { why }),
    ...(reason === undefined ? {} : { reason }),
    ...broughtBy(cancelledBy(says)),
  };
}

/** Earlier versions named operators only. */
function cancelledBy({ operator, ...program }: Program & { readonly operator?: string }): Program {
  return operator === undefined ? programOf(program) : { caller: operatorCaller(operator) };
}

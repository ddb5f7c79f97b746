/**
 * The workflow of a notice: one mail, tried again until it is taken, refused for good, or too old. Children by position: the
 * attempts, and between two of them a timer.
 */
import type { Context } from "@resonatehq/sdk";
import { type ApprovalRequest, LINK_VIEW_MS, type OutcomeKind } from "../../src/approval/approval.ts";
import { asked } from "../../src/approval/content.ts";
import { childId } from "../../src/approval/ids.ts";
import { type NextDeadline, nextDeadline } from "../../src/approval/next-deadline.ts";
import type { Notice, NoticeEnd, Says } from "../../src/approval/notice.ts";
import { ruleOf } from "../../src/approval/rule.ts";
import { extensionOf, requestOf } from "../../src/approval/stored.ts";
import { noticeIn, type Sent, sentIn } from "../../src/approval/stored-notice.ts";
import type { Mail } from "../../src/channels/mail/message.ts";
import { pauseBeforeRetry } from "../../src/channels/mail/retry.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import { type ProductServices, productServices } from "../runtime/services.ts";
import { lasting } from "../runtime/step-options.ts";
import { timerTags } from "../runtime/timer.ts";
import { askMail, ballotMail } from "./ask-mail.ts";
import { read } from "./records.ts";

export function* approval_mail(ctx: Context, input: unknown): Generator<unknown, NoticeEnd> {
  const notice = noticeIn(input);
  if (notice === undefined) throw new TypeError("Cannot send: the argument is not a notice");
  for (let attempts = 1; ; attempts++) {
    const sent = sentIn(yield* ctx.run(send_notice, notice, attempts, ctx.info.timeout, lasting(ctx)));
    // Another program has settled the step: whether the mail went out is not known, so it is tried again.
    if (sent === undefined) continue;
    const { delivery } = sent;
    if (delivery.status !== "deferred") return { kind: "notice-end", delivery, attempts };
    const timeout = (delivery.nextTryAtMs ?? 0) - productServices(ctx).now();
    yield* yield* ctx.promise({ timeout, tags: timerTags(productServices(ctx).group, "retry") });
  }
}

/** Sends the mail, unless what it says is no longer so. */
async function send_notice(ctx: Context, notice: Notice, tries: number, untilMs: number): Promise<Sent> {
  const svc = productServices(ctx);
  const mail = await mailFor(svc, notice);
  if (mail === undefined) return { kind: "notice-mail", delivery: { status: "skipped" } };
  const delivery = await svc.apart(notice.approval, svc.mailer.send(mail));
  if (delivery.status !== "deferred") return { kind: "notice-mail", delivery };
  const { reason } = delivery;
  const nowMs = svc.now();
  const pauseMs = pauseBeforeRetry({ tries, together: 1, untilDeadlineMs: untilMs - nowMs });
  // Frozen with the result: the workflow must not ask the clock how many tries there will be.
  return pauseMs === undefined
    ? { kind: "notice-mail", delivery: { status: "undeliverable", reason } }
    : { kind: "notice-mail", delivery: { status: "deferred", reason, nextTryAtMs: nowMs + pauseMs } };
}

async function mailFor(svc: ProductServices, { approval, content, says }: Notice): Promise<Mail | undefined> {
  const root = await read(svc, approval);
  const stored = requestOf(root);
  if (stored === undefined) return undefined;
  const request = asked(stored, content);
  if (!("first" in says)) return requesterMail(svc, says, { approval, request, root });
  const record = await read(svc, childId(approval, says.n));
  const first = says.first === says.n ? undefined : await read(svc, childId(approval, says.first));
  const about = { approval, request, record, first };
  switch (says.mail) {
    case "reminder":
    case "resend": {
      const end = await read(svc, says.end);
      // A deadline that was moved since ends nothing.
      const untilMs = extensionOf(end)?.untilMs;
      if (record.state !== "pending" || (end.state !== "pending" && untilMs === undefined)) return undefined;
      const endAtMs = untilMs ?? says.deadlineAtMs;
      const asking = askMail(svc, about, deadlineOf(says, request, endAtMs), endAtMs);
      return says.mail === "resend"
        ? { kind: "request", ...asking, resentAtMs: says.atMs }
        : { kind: "reminder", ...asking, dueAtMs: says.dueAtMs, explanation: says.explanation };
    }
    case "handed-on": {
      const { to, reason } = says;
      return { kind: "handed-on", ...ballotMail(about), to, ...(reason === undefined ? {} : { reason }) };
    }
    case "no-longer-needed": {
      const { because, atMs, reason } = says;
      return {
        kind: "no-longer-needed",
        ...ballotMail(about),
        because,
        atMs,
        ...(reason === undefined ? {} : { reason }),
      };
    }
    case "outcome":
      return { kind: "outcome", ...ballotMail(about), ...endedBy(says) };
    default:
      return says satisfies never;
  }
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

function requesterMail(
  { tokens, publicUrl }: Pick<ProductServices, "tokens" | "publicUrl">,
  says: Exclude<Says, { readonly first: number }>,
  {
    root,
    ...about
  }: { readonly approval: string; readonly request: ApprovalRequest; readonly root: StoredPromise },
): Mail | undefined {
  const { requester } = about.request;
  if (requester === undefined) return undefined;
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
    case "requested":
      return { kind: "requested", ...to };
    case "undeliverable":
      return { kind: "undeliverable", ...to, people: [says.person], ballots: [says.n] };
    case "changes-requested": {
      const { by, comment, round, rounds, deadlineAtMs } = says;
      return {
        kind: "changes-requested",
        ...to,
        by,
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

function endedBy({ outcome, atMs, decisions, reason }: Extract<Says, { readonly outcome: OutcomeKind }>) {
  return { outcome, atMs, decisions, ...(reason === undefined ? {} : { reason }) };
}

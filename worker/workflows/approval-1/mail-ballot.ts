/**
 * The step that mails one approver their ballot's links. It may run again after a crash, under the same step id, and then
 * sends the same mail: one Message-ID and the same links.
 */
import type { Context } from "@resonatehq/sdk";
import {
  type ApprovalRequest,
  type Delivery,
  LINK_VIEW_MS,
  type MailResult,
  type PlainChoice,
} from "../../../src/approval/approval.ts";
import { endId } from "../../../src/approval/ids.ts";
import { ballotOf } from "../../../src/approval/stored.ts";
import { pauseBeforeRetry } from "../../../src/channels/mail/retry.ts";
import type { StoredPromise } from "../../../src/durable/durable.ts";
import { type Announced, announce, bothOf } from "../../../src/service/callbacks/announce.ts";
import { eventsOfMail, requestedEvent } from "../../../src/service/callbacks/events.ts";
import { type ProductServices, productServices } from "../../runtime/services.ts";
import { asTold, read } from "../records.ts";

export interface MailInput {
  readonly approval: string;
  readonly request: ApprovalRequest;
  readonly n: number;
  /** Promise id of the ballot. */
  readonly ballot: string;
  readonly deadlineAtMs: number;
  /** The first mail: announces that the approval was requested. */
  readonly first: boolean;
  /** Which try this is, from 1. */
  readonly tries: number;
  /** Mails of this round. */
  readonly together: number;
}

/** Sends one approver both links, unless their ballot is no longer open. Never throws for what the mail system does. */
export async function mail_ballot(ctx: Context, input: MailInput): Promise<MailResult & Announced> {
  const svc = productServices(ctx);
  // A further try may come hours after the pass got its records.
  const look = (id: string) => (ctx.info.attempt === 1 ? asTold(svc, input.approval, id) : read(svc, id));
  const [record, end] = await Promise.all([look(input.ballot), look(endId(input.approval))]);
  const begun = input.first ? [requestedEvent(input.approval, record.createdAt)] : [];
  const { callbackUrl } = input.request;
  const toldBefore = await announce(svc, end.createdAt, begun, callbackUrl);
  const isOpen = record.state === "pending" && end.state === "pending";
  const delivery = isOpen ? await deliver(svc, input, record) : ({ status: "skipped" } as const);
  const result: MailResult = { kind: "mail", n: input.n, delivery };
  const failed = eventsOfMail(input.approval, result, svc.now);
  const toldAfter = await announce(svc, end.createdAt, failed, callbackUrl);
  for (const event of [...begun, ...failed]) svc.onEvent?.(event, input.request);
  return { ...result, ...bothOf(toldBefore, toldAfter) };
}

async function deliver(
  { mailer, tokens, publicUrl, apart, now }: ProductServices,
  input: MailInput,
  record: StoredPromise,
): Promise<Delivery> {
  const ballot = ballotOf(record);
  if (ballot === undefined) throw new Error(`Cannot mail: the promise ${record.id} is not a ballot`);
  const link = (choice: PlainChoice) =>
    `${publicUrl}/d/${tokens.issueLink({
      pid: record.id,
      recipient: ballot.recipient,
      choice,
      gen: ballot.gen,
      bornAtMs: record.createdAt,
      expiresAtMs: input.deadlineAtMs + LINK_VIEW_MS,
    })}`;
  const sending = mailer.requestDecision({
    approval: input.approval,
    request: input.request,
    approver: ballot.approver,
    n: ballot.n,
    recipient: ballot.recipient,
    gen: ballot.gen,
    bornAtMs: record.createdAt,
    deadlineAtMs: input.deadlineAtMs,
    links: { approve: link("approve"), reject: link("reject") },
  });
  // A relay may take minutes, and other approvals must not wait for it.
  const delivery = await apart(input.approval, sending);
  if (delivery.status !== "deferred") return delivery;
  const { reason } = delivery;
  const nowMs = now();
  const { tries, together } = input;
  const pauseMs = pauseBeforeRetry({ tries, together, untilDeadlineMs: input.deadlineAtMs - nowMs });
  // Frozen with the result: the workflow must not ask the clock how many tries there will be.
  return pauseMs === undefined
    ? { status: "undeliverable", reason }
    : { status: "deferred", reason, nextTryAtMs: nowMs + pauseMs };
}

/**
 * The step that mails one approver their ballot's links. It may run again after a crash, under the same step id, and then
 * sends the same mail: one Message-ID and the same links.
 */
import type { Context } from "@resonatehq/sdk";
import {
  type ApprovalRequest,
  type Content,
  type Delivery,
  LINK_VIEW_MS,
  type MailResult,
} from "../../src/approval/approval.ts";
import type { Program } from "../../src/approval/doer.ts";
import { childId } from "../../src/approval/ids.ts";
import type { NextDeadline } from "../../src/approval/next-deadline.ts";
import { ballotOf, extensionOf, reassignmentOf, reissueOf, undoOf } from "../../src/approval/stored.ts";
import type { AskingMail } from "../../src/channels/mail/ask.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import { orderNotices } from "../../src/service/approvals/order-notices.ts";
import { type Announced, announce, bothOf } from "../../src/service/callbacks/announce.ts";
import { eventsOfMail, requestedEvent } from "../../src/service/callbacks/events.ts";
import { type ProductServices, productServices } from "../runtime/services.ts";
import { askMail, broughtBy } from "./ask-mail.ts";
import { afterTry } from "./mail-tries.ts";
import { asTold, read } from "./records.ts";
import { openReturnPath } from "./return-path.ts";

export interface MailInput {
  readonly approval: string;
  readonly request: ApprovalRequest;
  readonly n: number;
  /** Promise id of the ballot. */
  readonly ballot: string;
  /** When the approval began: another one may have had its id before. */
  readonly startedAtMs: number;
  /** Promise id of the end as of this mail. */
  readonly endId: string;
  /** What the mail names: the end of the stage or of the approval, whichever comes first. */
  readonly deadline: NextDeadline;
  /** The approval's deadline. */
  readonly endAtMs: number;
  /** The first mail: announces that the approval was requested. */
  readonly first: boolean;
  /** Which try this is, from 1. */
  readonly tries: number;
  /** Mails that are sent at once. */
  readonly together: number;
  /** Promise id of the person's first ballot in this approval. */
  readonly firstId: string;
  /** What the round before asked; in the first round, this one. */
  readonly before: Content;
  /** What was changed since, in the words of the person who did it. */
  readonly note?: string | undefined;
  /** Who changed it in place of the requester. */
  readonly changedBy?: Program | undefined;
}

/** Sends one approver the links of their ballot, unless their ballot is no longer open. Never throws for what the mail system does. */
export async function mail_ballot(ctx: Context, input: MailInput): Promise<MailResult & Announced> {
  const svc = productServices(ctx);
  // A further try may come hours after the pass got its records.
  const look = (id: string) => (ctx.info.attempt === 1 ? asTold(svc, input.approval, id) : read(svc, id));
  const [record, end] = await Promise.all([look(input.ballot), look(input.endId)]);
  const begun = input.first ? [requestedEvent(input.approval, record.createdAt)] : [];
  const { callbackUrl } = input.request;
  const toldBefore = await announce(svc, input.startedAtMs, begun, callbackUrl);
  // A deadline that was moved since ends nothing.
  const untilMs = extensionOf(end)?.untilMs;
  const isOpen = record.state === "pending" && (end.state === "pending" || untilMs !== undefined);
  const delivery = isOpen
    ? await deliver(svc, ctx.id, movedTo(input, untilMs), record)
    : ({ status: "skipped" } as const);
  const result: MailResult = { kind: "mail", n: input.n, delivery };
  const failed = eventsOfMail(input.approval, result, svc.now);
  const toldAfter = await announce(svc, input.startedAtMs, failed, callbackUrl);
  for (const event of [...begun, ...failed]) svc.onEvent?.(event, input.request);
  const { requester, follow = false } = input.request;
  if (input.first && follow && requester !== undefined)
    await orderNotices(svc, input, [{ mail: "requested" }]);
  const person = ballotOf(record)?.approver;
  if (delivery.status === "undeliverable" && requester !== undefined && person !== undefined) {
    await orderNotices(svc, input, [{ mail: "undeliverable", n: input.n, person }]);
  }
  return { ...result, ...bothOf(toldBefore, toldAfter) };
}

/** The mail with the new deadline, if it was moved. A stage's own deadline, which may come first, is not known here. */
function movedTo(input: MailInput, untilMs: number | undefined): MailInput {
  const { deadline, endAtMs, request } = input;
  if (untilMs === undefined) return input;
  const isNamed = deadline.atMs === endAtMs && request.stages === undefined;
  return { ...input, endAtMs: untilMs, deadline: isNamed ? { ...deadline, atMs: untilMs } : deadline };
}

async function deliver(
  svc: ProductServices,
  stepId: string,
  input: MailInput,
  record: StoredPromise,
): Promise<Delivery> {
  // A relay may take minutes, and other approvals must not wait for it.
  const mail = await mailFor(svc, input, record);
  const returnPath = await openReturnPath(svc, record, input.endAtMs + LINK_VIEW_MS);
  const sending = svc.traced(stepId, "mail", () =>
    svc.mailer.send(returnPath === undefined ? mail : { ...mail, returnPath }),
  );
  const delivery = await svc.apart(input.approval, sending);
  if (delivery.status === "sent" && returnPath !== undefined) return { ...delivery, canBounce: true };
  const { tries, together, deadline } = input;
  return afterTry(delivery, { tries, together, untilMs: deadline.atMs }, svc.now());
}

/** The mail that fits the reason why the ballot was opened. */
async function mailFor(svc: ProductServices, input: MailInput, record: StoredPromise): Promise<AskingMail> {
  const { approval, request, firstId, before: contentBefore, note, changedBy } = input;
  const first = firstId === record.id ? undefined : await asTold(svc, approval, firstId);
  const asking = askMail(svc, { approval, request, record, first }, input.deadline, input.endAtMs);
  const via = ballotOf(record)?.via;
  if (via === undefined) return { kind: "request", ...asking };
  const before = (n: number) => asTold(svc, approval, childId(approval, n));
  switch (via.kind) {
    case "escalated":
      return { kind: "escalated", ...asking };
    case "undo": {
      // The promise that follows a ballot says who took the answer back.
      const undone = via.from === undefined ? undefined : undoOf(await before(via.from + 1));
      return {
        kind: "undone",
        ...asking,
        ...broughtBy(undone?.kind === "undone" ? undone : undefined),
      };
    }
    case "round":
      return {
        kind: "next-round",
        ...asking,
        before: contentBefore,
        ...(note === undefined ? {} : { note }),
        ...broughtBy(changedBy),
      };
    case "reassigned": {
      const { from, reason } = via;
      const given = from === undefined ? undefined : await before(from);
      const giver = given && ballotOf(given);
      if (given === undefined || giver === undefined) return { kind: "request", ...asking };
      return {
        kind: "reassigned",
        ...asking,
        from: giver.approver,
        ...(reason === undefined ? {} : { reason }),
        ...broughtBy(reassignmentOf(given)),
      };
    }
    case "reissued": {
      const replaced = via.from === undefined ? undefined : reissueOf(await before(via.from));
      return { kind: "request", ...asking, ...broughtBy(replaced) };
    }
    case "absence":
      return { kind: "request", ...asking };
    default:
      return via.kind satisfies never;
  }
}

/** One mail, tried again until it is taken, refused for good, or of no use any more. */
import type { Context } from "@resonatehq/sdk";
import type { Delivery } from "../../src/approval/approval.ts";
import type { NoticeEnd } from "../../src/approval/notice.ts";
import { type Sent, sentIn } from "../../src/approval/stored-notice.ts";
import { pauseBeforeRetry } from "../../src/channels/mail/retry.ts";
import type { LastResult } from "../../src/durable/step-record.ts";
import { productServices } from "../runtime/services.ts";
import { lastingStored } from "../runtime/step-options.ts";
import { timerTags } from "../runtime/timer.ts";

/** Which try it is, from 1, and until when the mail is of use, in milliseconds since 1970. */
export interface Try {
  readonly tries: number;
  readonly untilMs: number;
}

/** What the step of a try comes to; `sentAs` makes it. */
export type Tried = Sent & Partial<LastResult>;

/** The step that tries it once. */
type Attempt<Subject> = (ctx: Context, subject: Subject, one: Try) => Promise<Tried>;

/** Children by position: the attempts, and between two of them a timer. */
export function* untilTaken<Subject>(
  ctx: Context,
  attempt: Attempt<Subject>,
  subject: Subject,
): Generator<unknown, NoticeEnd> {
  for (let tries = 1; ; tries++) {
    const one: Try = { tries, untilMs: ctx.info.timeout };
    const sent = sentIn(yield* ctx.run(attempt, subject, one, lastingStored(ctx, "unless-last")));
    // Another program has settled the step: whether the mail went out is not known, so it is tried again.
    if (sent === undefined) continue;
    const { delivery } = sent;
    if (delivery.status !== "deferred") return { kind: "notice-end", delivery, attempts: tries };
    const timeout = (delivery.nextTryAtMs ?? 0) - productServices(ctx).now();
    yield* yield* ctx.promise({ timeout, tags: timerTags(productServices(ctx).group, "retry") });
  }
}

/**
 * The result of an attempt. Only one that another follows is stored by itself: otherwise the workflow ends with what it came to.
 * If a worker dies between the relay's acceptance and that, the same mail goes out again, as it would for a stored step.
 */
export function sentAs(delivery: Delivery): Tried {
  const isLast = delivery.status !== "deferred";
  return { kind: "notice-mail", delivery, ...(isLast ? { isLast } : {}) };
}

/**
 * What a try has come to. When the next one is due is frozen with the step's result: the workflow must not ask the clock how
 * many tries there will be.
 *
 * @param together mails that are tried together with this one, itself included
 */
export function afterTry(
  delivery: Delivery,
  { tries, untilMs, together = 1 }: Try & { readonly together?: number },
  nowMs: number,
): Delivery {
  if (delivery.status !== "deferred") return delivery;
  const { reason } = delivery;
  const pauseMs = pauseBeforeRetry({ tries, together, untilDeadlineMs: untilMs - nowMs });
  return pauseMs === undefined
    ? { status: "undeliverable", reason }
    : { status: "deferred", reason, nextTryAtMs: nowMs + pauseMs };
}

/**
 * The workflow of an attempt to sign in: one mail, tried again until it is taken, refused for good, or of no use any more.
 * Children by position: the attempts, and between two of them a timer.
 */
import type { Context } from "@resonatehq/sdk";
import type { NoticeEnd } from "../../src/approval/notice.ts";
import { type SignIn, signInId } from "../../src/approval/sign-in.ts";
import { type Sent, sentIn } from "../../src/approval/stored-notice.ts";
import { signInIn } from "../../src/approval/stored-sign-in.ts";
import { pauseBeforeRetry } from "../../src/channels/mail/retry.ts";
import { productServices } from "../runtime/services.ts";
import { lasting } from "../runtime/step-options.ts";
import { timerTags } from "../runtime/timer.ts";

export function* sign_in_mail(ctx: Context, input: unknown): Generator<unknown, NoticeEnd> {
  const asked = signInIn(input);
  if (asked === undefined) throw new TypeError("Cannot send: the argument is not a sign-in");
  for (let attempts = 1; ; attempts++) {
    const sent = sentIn(yield* ctx.run(send_sign_in, asked, attempts, ctx.info.timeout, lasting(ctx)));
    // Another program has settled the step: whether the mail went out is not known, so it is tried again.
    if (sent === undefined) continue;
    const { delivery } = sent;
    if (delivery.status !== "deferred") return { kind: "notice-end", delivery, attempts };
    const timeout = (delivery.nextTryAtMs ?? 0) - productServices(ctx).now();
    yield* yield* ctx.promise({ timeout, tags: timerTags(productServices(ctx).group, "retry") });
  }
}

/** @param endsAtMs when link and code stop working */
async function send_sign_in(ctx: Context, asked: SignIn, tries: number, endsAtMs: number): Promise<Sent> {
  const svc = productServices(ctx);
  const { name, to, locale } = asked;
  if (to === undefined) return { kind: "notice-mail", delivery: { status: "skipped" } };
  const { signIn } = svc.tokens;
  const mail = {
    kind: "sign-in",
    to: { email: to, ...(locale === undefined ? {} : { locale }) },
    name,
    code: signIn.codeOf(name),
    link: `${svc.publicUrl}/inbox/link/${signIn.issueLink({ name, expiresAtMs: endsAtMs })}`,
    endsAtMs,
  } as const;
  const delivery = await svc.apart(signInId(name), svc.mailer.signIn(mail));
  if (delivery.status !== "deferred") return { kind: "notice-mail", delivery };
  const { reason } = delivery;
  const nowMs = svc.now();
  const pauseMs = pauseBeforeRetry({ tries, together: 1, untilDeadlineMs: endsAtMs - nowMs });
  // Frozen with the result, as in `notice.ts`.
  return pauseMs === undefined
    ? { kind: "notice-mail", delivery: { status: "undeliverable", reason } }
    : { kind: "notice-mail", delivery: { status: "deferred", reason, nextTryAtMs: nowMs + pauseMs } };
}

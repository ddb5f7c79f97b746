/** The workflow of an attempt to sign in: one mail with link and code. */
import type { Context } from "@resonatehq/sdk";
import type { NoticeEnd } from "../../src/approval/notice.ts";
import { type SignIn, signInId } from "../../src/approval/sign-in.ts";
import { signInIn } from "../../src/approval/stored-sign-in.ts";
import { productServices } from "../runtime/services.ts";
import { afterTry, sentAs, type Tried, type Try, untilTaken } from "./mail-tries.ts";

export function* sign_in_mail(ctx: Context, input: unknown): Generator<unknown, NoticeEnd> {
  const asked = signInIn(input);
  if (asked === undefined) throw new TypeError("Cannot send: the argument is not a sign-in");
  return yield* untilTaken(ctx, send_sign_in, asked);
}

/** Link and code stop working when the mail is of no use any more. */
async function send_sign_in(ctx: Context, asked: SignIn, one: Try): Promise<Tried> {
  const svc = productServices(ctx);
  const { name, to, locale } = asked;
  if (to === undefined) return sentAs({ status: "skipped" });
  const { signIn } = svc.tokens;
  const endsAtMs = one.untilMs;
  const mail = {
    kind: "sign-in",
    to: { email: to, ...(locale === undefined ? {} : { locale }) },
    name,
    code: signIn.codeOf(name),
    link: `${svc.publicUrl}/inbox/link/${signIn.issueLink({ name, expiresAtMs: endsAtMs })}`,
    endsAtMs,
  } as const;
  const delivery = await svc.apart(signInId(name), svc.mailer.inbox(mail));
  return sentAs(afterTry(delivery, one, svc.now()));
}

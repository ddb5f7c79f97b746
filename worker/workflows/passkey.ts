/** The workflow that tells a person of a new passkey: one mail. */
import type { Context } from "@resonatehq/sdk";
import type { NoticeEnd } from "../../src/approval/notice.ts";
import { type PasskeyNotice, passkeyMailId } from "../../src/approval/passkey.ts";
import type { Sent } from "../../src/approval/stored-notice.ts";
import { passkeyNoticeIn } from "../../src/approval/stored-passkey.ts";
import { productServices } from "../runtime/services.ts";
import { afterTry, type Try, untilTaken } from "./mail-tries.ts";

export function* passkey_mail(ctx: Context, input: unknown): Generator<unknown, NoticeEnd> {
  const notice = passkeyNoticeIn(input);
  if (notice === undefined) throw new TypeError("Cannot send: the argument is no notice of a passkey");
  return yield* untilTaken(ctx, send_passkey_notice, notice);
}

async function send_passkey_notice(ctx: Context, notice: PasskeyNotice, one: Try): Promise<Sent> {
  const svc = productServices(ctx);
  const { name, to, label, atMs } = notice;
  const link = `${svc.publicUrl}/inbox/passkeys`;
  const mail = { kind: "passkey", to, name, label, atMs, link } as const;
  const delivery = await svc.apart(passkeyMailId(name), svc.mailer.inbox(mail));
  return { kind: "notice-mail", delivery: afterTry(delivery, one, svc.now()) };
}

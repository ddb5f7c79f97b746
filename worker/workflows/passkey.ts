/** The workflow that tells a person of a new passkey: one mail. */
import type { Context } from "@resonatehq/sdk";
import type { NoticeEnd } from "../../src/approval/notice.ts";
import { CHALLENGE_LIFE_MS, type PasskeyNotice, passkeyMailId } from "../../src/approval/passkey.ts";
import { passkeyNoticeIn, passkeyOf } from "../../src/approval/stored-passkey.ts";
import { type ProductServices, productServices } from "../runtime/services.ts";
import { afterTry, sentAs, type Tried, type Try, untilTaken } from "./mail-tries.ts";

export function* passkey_mail(ctx: Context, input: unknown): Generator<unknown, NoticeEnd> {
  const notice = passkeyNoticeIn(input);
  if (notice === undefined) throw new TypeError("Cannot send: the argument is no notice of a passkey");
  return yield* untilTaken(ctx, send_passkey_notice, notice);
}

async function send_passkey_notice(ctx: Context, notice: PasskeyNotice, one: Try): Promise<Tried> {
  const svc = productServices(ctx);
  const { name, to, label, atMs } = notice;
  const id = passkeyMailId(name);
  const stored = await svc.apart(id, isStored(svc, notice));
  // The form is no longer good, so the gateway that was adding the passkey has died.
  const isOver = stored === undefined && svc.now() > atMs + CHALLENGE_LIFE_MS;
  if (stored === false || isOver) return sentAs({ status: "skipped" });
  if (stored === undefined) {
    const late = { status: "deferred", reason: "The passkey is not stored yet" } as const;
    return sentAs(afterTry(late, one, svc.now()));
  }
  const link = `${svc.publicUrl}/inbox/passkeys`;
  const mail = { kind: "passkey", to, name, label, atMs, link } as const;
  const delivery = await svc.apart(id, svc.mailer.inbox(mail));
  return sentAs(afterTry(delivery, one, svc.now()));
}

/** Between the order of the mail and the passkey itself there are milliseconds. */
const LOOKS = 20;
const PAUSE_MS = 100;

/** Whether the passkey is stored, or was, if it has been removed since. False: another has its place. Undefined: nobody can tell yet. */
async function isStored(
  { look }: Pick<ProductServices, "look">,
  { passkey }: PasskeyNotice,
): Promise<boolean | undefined> {
  if (passkey === undefined) return true;
  for (let looks = 1; ; looks += 1) {
    const stored = await look(passkey.id);
    if (stored !== undefined) return passkeyOf(stored)?.nonce === passkey.nonce;
    if (looks === LOOKS) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

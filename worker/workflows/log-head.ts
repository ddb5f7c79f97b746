/** The workflow that mails the head of the log of events: one mail. */
import type { Context } from "@resonatehq/sdk";
import { type LogHead, logHeadId } from "../../src/approval/log-head.ts";
import type { NoticeEnd } from "../../src/approval/notice.ts";
import { logHeadIn } from "../../src/approval/stored-log-head.ts";
import { productServices } from "../runtime/services.ts";
import { afterTry, sentAs, type Tried, type Try, untilTaken } from "./mail-tries.ts";

export function* log_head_mail(ctx: Context, input: unknown): Generator<unknown, NoticeEnd> {
  const head = logHeadIn(input);
  if (head === undefined) throw new TypeError("Cannot send: the argument is no head of the log");
  return yield* untilTaken(ctx, send_log_head, head);
}

async function send_log_head(ctx: Context, head: LogHead, one: Try): Promise<Tried> {
  const svc = productServices(ctx);
  const name = logHeadId(head);
  const { to, note } = head;
  const delivery = await svc.apart(name, svc.mailer.inbox({ kind: "log-head", to, name, note }));
  return sentAs(afterTry(delivery, one, svc.now()));
}

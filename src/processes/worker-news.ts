/** What a worker in a thread of its own tells the process's first thread, which writes the log and knows who looks on. */
import type { ApprovalRequest } from "../approval/approval.ts";
import type { CallbackEvent } from "../approval/event.ts";
import type { AskMail } from "../channels/mail/mailer.ts";
import type { Config } from "../config/config.ts";
import { createLogger, type Logger } from "../lib/log.ts";
import type { Onlooker } from "./compose-worker.ts";

export type WorkerNews =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "mail"; readonly mail: AskMail }
  | { readonly kind: "event"; readonly event: CallbackEvent; readonly request: ApprovalRequest };

/** In the worker's thread: a log that `say` carries over. */
export function saidLog(config: Config, part: string, say: (news: WorkerNews) => void): Logger {
  return createLogger({
    level: config.logLevel,
    part,
    destination: { write: (line) => say({ kind: "line", line }) },
  });
}

/** In the worker's thread: tells those who look on. */
export function saidOnlooker(say: (news: WorkerNews) => void): Onlooker {
  return {
    mail: (mail) => say({ kind: "mail", mail }),
    event: (event, request) => say({ kind: "event", event, request }),
  };
}

/** In the first thread: passes the news on. */
export function hearWorker(
  news: WorkerNews,
  write: (line: string) => void,
  onlooker: Onlooker | undefined,
): void {
  if (news.kind === "line") write(news.line);
  else if (news.kind === "mail") onlooker?.mail(news.mail);
  else onlooker?.event(news.event, news.request);
}

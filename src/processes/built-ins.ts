/** The worker for the built-in workflows, as a guest in the engine's thread. */
import { ResonateTimeoutException } from "@resonatehq/sdk";
import type { ApprovalRequest } from "../approval/approval.ts";
import type { CallbackEvent } from "../approval/event.ts";
import type { AskMail } from "../channels/mail/mailer.ts";
import { loadConfig } from "../config/config.ts";
import type { Env } from "../config/env.ts";
import type { StartGuest } from "../engine/serve/thread-run.ts";
import { createLogger } from "../lib/log.ts";
import { composeWorker, STOP_GRACE_MS } from "./compose-worker.ts";

/** What the worker beside the engine is started with. */
export interface BuiltInStart {
  readonly settings: Env;
  /** Origin of every link. */
  readonly publicUrl: string;
  /** Port of the development mailbox, if there is one. */
  readonly mailboxPort: number | undefined;
  /** There is no other worker in this process, so it takes calls of every group. */
  readonly isAlone: boolean;
  /** Somebody looks on. */
  readonly isWatched: boolean;
}

/** What it says to the process's first thread. */
export type BuiltInNews =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "mail"; readonly mail: AskMail }
  | { readonly kind: "event"; readonly event: CallbackEvent; readonly request: ApprovalRequest };

export const startBuiltIns: StartGuest = async (engine, what, say: (news: BuiltInNews) => void) => {
  const { settings, publicUrl, mailboxPort, isAlone, isWatched } = what as BuiltInStart;
  const config = loadConfig(settings, "all");
  const { group, builtInGroup } = config.worker;
  const network = engine.network({
    group: builtInGroup,
    moreGroups: isAlone ? [group] : [],
    unavailable: (cause) => new ResonateTimeoutException(cause),
  });
  const worker = composeWorker({
    config,
    network,
    pid: network.pid,
    group: builtInGroup,
    log: createLogger({
      level: config.logLevel,
      part: "countersign",
      destination: { write: (line) => say({ kind: "line", line }) },
    }),
    publicUrl,
    mailboxPort,
    onlooker: isWatched
      ? {
          mail: (mail) => say({ kind: "mail", mail }),
          event: (event, request) => say({ kind: "event", event, request }),
        }
      : undefined,
  });
  network.start();
  return { stop: () => worker.stop(STOP_GRACE_MS) };
};

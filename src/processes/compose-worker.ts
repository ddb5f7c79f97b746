/** A worker made of settings: the keys that sign links, the way mail goes out, the workflows that it runs. */
import type { Network } from "@resonatehq/sdk";
import { EXAMPLES } from "../../worker/examples/index.ts";
import { registrationOf } from "../../worker/runtime/own-workflow.ts";
import { startWorker, type Worker } from "../../worker/runtime/worker.ts";
import { PRODUCT_WORKFLOWS, type Registration } from "../../worker/workflows/index.ts";
import type { ApprovalRequest } from "../approval/approval.ts";
import type { CallbackEvent } from "../approval/event.ts";
import { type CallbackSender, createCallbackSender } from "../callback/sender.ts";
import { type AskMail, createMailer } from "../channels/mail/mailer.ts";
import { createRelayLog } from "../channels/mail/relay-log.ts";
import { watchRelay } from "../channels/mail/relay-state.ts";
import type { Attempt } from "../channels/mail/transport.ts";
import { loadAliases } from "../config/aliases.ts";
import type { Config } from "../config/config.ts";
import { loadTokenKeys } from "../config/keys.ts";
import { VALUE_BYTES_MAX } from "../durable/value.ts";
import { ConfigError } from "../lib/config-error.ts";
import type { Logger } from "../lib/log.ts";
import { type Measures, NO_MEASURES } from "../lib/measures.ts";
import { loadMessages } from "../lib/message-folder.ts";
import type { RelayState } from "../lib/relay-state.ts";
import { parseSmtpUrl } from "../lib/smtp-url.ts";
import type { SpanSink } from "../lib/traces.ts";
import { createLinkTokens } from "../tokens/tokens.ts";
import type { Workflow } from "../workflows/workflow.ts";
import { readCallbackSettings } from "./callback-settings.ts";

export interface WorkerParts {
  readonly config: Config;
  readonly network: Network;
  /** Unique to this worker, of letters, digits, `.`, `_`, `-`. */
  readonly pid: string;
  /** Its worker group. */
  readonly group: string;
  readonly log: Logger;
  /** Your workflows; the examples are added if the settings want them. Undefined: only the built-in workflows. */
  readonly workflows?: readonly Workflow[];
  /** Origin of every link, where the settings leave it to the port that was free. */
  readonly publicUrl?: string | undefined;
  /** Port of the development mailbox, likewise. */
  readonly mailboxPort?: number | undefined;
  /** Default: nothing is measured. */
  readonly measures?: Measures | undefined;
  /** Where spans go. Default: there are no traces. */
  readonly spans?: SpanSink | undefined;
  /** Gets what is known of the relay, after each mail. */
  readonly onRelay?: ((state: RelayState) => void) | undefined;
  /** Told what happens to approvals, to show it to people (`countersign dev`). */
  readonly onlooker?: Onlooker | undefined;
}

export interface Onlooker {
  /** A mail that asks went out. */
  mail(mail: AskMail): void;
  /** May come twice. */
  event(event: CallbackEvent, request: ApprovalRequest): void;
}

/** How long workflows get to reach their next rest when a process is told to stop, within the 20 s operators expect. */
export const STOP_GRACE_MS = 15_000;

export function composeWorker(parts: WorkerParts): Worker {
  const { config, network, pid, group, log, publicUrl = config.publicUrl, measures = NO_MEASURES } = parts;
  if (publicUrl === undefined) {
    throw new ConfigError(["PORT is 0, so PUBLIC_URL must be set: links need an origin"]);
  }
  const smtpUrl =
    config.mail.kind === "smtp"
      ? config.mail.url.reveal()
      : `smtp://127.0.0.1:${parts.mailboxPort ?? config.mail.port}`;
  const tokens = createLinkTokens({ keys: loadTokenKeys(config), issuer: publicUrl });
  const relay = parseSmtpUrl(smtpUrl);
  if (typeof relay === "string") throw new ConfigError([`SMTP_URL ${relay}`]);
  const relayLog = createRelayLog(log, { server: `${relay.host}:${relay.port}` });
  const relayWatch = watchRelay(Date.now, parts.onRelay);
  const mailer = createMailer({
    smtpUrl,
    from: config.mail.from,
    publicUrl,
    messagesFor: loadMessages(config.messagesDir),
    bounceHeader: config.bounces?.header,
    onOutcome: (outcome, mail, messageId) => {
      relayLog.note(outcome, mail);
      relayWatch.note(outcome, messageId);
      countMail(measures, outcome);
      if (outcome.kind === "accepted" && "links" in mail) parts.onlooker?.mail(mail);
    },
  });
  const sender = createCallbackSender({
    targets: config.callbacks,
    ...readCallbackSettings(config),
    // Nothing waits for a callback, so without this line a failure would be seen only in the list of callbacks.
    onFailure: (failed) => log.warn(failed, "callback failed"),
    ...(config.callbacks.retriesMs === undefined ? {} : { retriesMs: config.callbacks.retriesMs }),
  });
  const callbacks: CallbackSender = {
    ...sender,
    async attempt(callback, n, traceparent) {
      const attempt = await sender.attempt(callback, n, traceparent);
      const { next } = attempt;
      measures.count("countersign.callback.attempts", {
        result: next.kind === "end" ? next.status : "retry",
      });
      return attempt;
    },
  };
  const { builtInGroup, leaseMs, concurrency, handBackMs } = config.worker;
  const worker = startWorker({
    network,
    pid,
    leaseMs,
    concurrency,
    log,
    valueBytesMax: VALUE_BYTES_MAX[config.engine.kind],
    handBackMs,
    sharesValues: parts.workflows === undefined,
    workflows: registrationsOf(parts),
    services: {
      mailer,
      callbacks,
      tokens,
      publicUrl,
      bounceAddress: config.bounces?.address,
      measures,
      spans: parts.spans,
      group,
      builtInGroup,
      mayApproveByDeadline: config.mayApproveByDeadline,
      known: loadAliases(config),
      onEvent: parts.onlooker && ((event, request) => parts.onlooker?.event(event, request)),
    },
  });
  return {
    async stop(graceMs) {
      // Steps under way first: they need the mailer. What they have not sent by then is the next worker's to send.
      await worker.stop(graceMs);
      await mailer.close({ graceMs: 0 });
    },
  };
}

function countMail(measures: Measures, outcome: Attempt): void {
  const result = outcome.kind === "failed" ? "deferred" : outcome.kind;
  measures.count("countersign.mails", { result });
  if (outcome.kind === "failed") measures.count("countersign.relay.errors", { cause: outcome.cause });
}

/** The built-in workflows, yours, and each example whose name none of yours has taken. */
function registrationsOf({ config, workflows }: WorkerParts): readonly Registration[] {
  if (workflows === undefined) return PRODUCT_WORKFLOWS;
  const names = new Set(workflows.map(({ name }) => name));
  const examples = config.workflows.examples ? EXAMPLES.filter(({ name }) => !names.has(name)) : [];
  return [...PRODUCT_WORKFLOWS, ...examples, ...workflows.map(registrationOf)];
}

import { setTimeout as delay } from "node:timers/promises";
import type { Delivery } from "../../approval/approval.ts";
import { isMailAddress, parseMailbox } from "../../lib/mail-address.ts";
import type { MessagesFor } from "../../lib/messages.ts";
import { createComposer, readerOf } from "./compose.ts";
import type { ComposedMail, InboxMail, Mail, RequestMail, Send } from "./message.ts";
import { type Attempt, createMailTransport, type TransportTimes } from "./transport.ts";

export type {
  AskMail,
  InboxMail,
  LogHeadMail,
  Mail,
  PasskeyMail,
  RequestMail,
  SignInMail,
} from "./message.ts";

export interface Mailer extends Send {
  /** Sends the mail that first asks on a ballot. */
  requestDecision(mail: RequestMail): Promise<Delivery>;
  /** Sends a mail about the way into the inbox. The result is as of `send`. */
  inbox(mail: InboxMail): Promise<Delivery>;
  /** Takes no more mails, waits at most `graceMs` for mails in transfer, then cuts them off. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

export interface MailerOptions {
  /** `SMTP_URL`. */
  readonly smtpUrl: string;
  /** `MAIL_FROM`. */
  readonly from: string;
  /** `PUBLIC_URL`, an origin. */
  readonly publicUrl: string;
  /** As of a composer's site. */
  readonly bounceHeader?: { readonly name: string; readonly value: string } | undefined;
  /** Gets the result of each mail, after its quick tries, with its Message-ID. Default: none. */
  readonly onOutcome?: (outcome: Attempt, mail: Mail | InboxMail, messageId: string) => void;
  /** Default: the texts that come with Countersign. */
  readonly messagesFor?: MessagesFor | undefined;
  readonly quickTries?: QuickTries;
  readonly times?: TransportTimes;
}

/** Tries within one call, for hiccups. For outages, the caller tries again at a slower pace. */
interface QuickTries {
  /** Pauses between tries, in milliseconds: one more try than pauses. */
  readonly pausesMs: readonly number[];
  /** No try begins later than this after the first. */
  readonly withinMs: number;
}

const QUICK_TRIES: QuickTries = { pausesMs: [250, 1_000], withinMs: 5_000 };

/** @throws TypeError when `smtpUrl` or `from` cannot be used. */
export function createMailer(options: MailerOptions): Mailer {
  const { publicUrl, messagesFor, bounceHeader, quickTries = QUICK_TRIES, onOutcome = () => {} } = options;
  const from = parseMailbox(options.from);
  if (from === undefined) throw new TypeError("Cannot use MAIL_FROM: must be an address or Name <address>");
  const composer = createComposer({ from, publicUrl, messagesFor, bounceHeader });
  const { hostname: publicHost } = new URL(publicUrl);
  const transport = createMailTransport({ smtpUrl: options.smtpUrl, publicHost, times: options.times });
  const underWay = new Set<Promise<Delivery>>();
  const closing = new AbortController();

  async function deliver(mail: ComposedMail): Promise<Attempt> {
    const startedAt = performance.now();
    for (let tries = 0; ; tries++) {
      const attempt = await transport.send(mail);
      if (attempt.kind !== "failed") return attempt;
      const pauseMs = quickTries.pausesMs[tries];
      const elapsedMs = performance.now() - startedAt;
      // A login that is refused is not tried in quick succession: that would lock it.
      const isHopeless = attempt.cause === "settings" || closing.signal.aborted;
      if (pauseMs === undefined || elapsedMs + pauseMs > quickTries.withinMs || isHopeless) return attempt;
      await delay(pauseMs, undefined, { signal: closing.signal }).catch(ignoreAbort);
    }
  }

  async function sendOne(mail: Mail | InboxMail): Promise<Delivery> {
    const composed = isInboxMail(mail) ? composer.inbox(mail) : composer.compose(mail);
    const outcome = await deliver(composed);
    onOutcome(outcome, mail, composed.messageId);
    if (outcome.kind === "accepted") return { status: "sent", messageId: composed.messageId };
    return { status: outcome.kind === "refused" ? "undeliverable" : "deferred", reason: outcome.reason };
  }

  async function send(mail: Mail | InboxMail): Promise<Delivery> {
    if (closing.signal.aborted) return { status: "deferred", reason: "The mail sender is shutting down" };
    if (!isMailAddress(isInboxMail(mail) ? mail.to.email : readerOf(mail).email)) {
      return { status: "undeliverable", reason: "The mail address is not valid" };
    }
    const delivery = sendOne(mail);
    underWay.add(delivery);
    try {
      return await delivery;
    } finally {
      underWay.delete(delivery);
    }
  }

  return {
    send,
    requestDecision: (mail) => send({ kind: "request", ...mail }),
    inbox: send,
    async close({ graceMs = CLOSE_GRACE_MS } = {}) {
      closing.abort();
      const timer = new AbortController();
      // The pool stays open meanwhile: closing it would fail the mails that wait for a connection.
      await Promise.race([
        Promise.allSettled(underWay),
        delay(graceMs, undefined, { signal: timer.signal }).catch(ignoreAbort),
      ]);
      timer.abort();
      transport.close();
    },
  };
}

function isInboxMail(mail: Mail | InboxMail): mail is InboxMail {
  return mail.kind === "sign-in" || mail.kind === "passkey" || mail.kind === "log-head";
}

/** Long enough for a mail in transfer, short enough for a process that was told to stop. */
const CLOSE_GRACE_MS = 10_000;

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}

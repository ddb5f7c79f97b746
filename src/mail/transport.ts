import { createRequire } from "node:module";
import { Readable } from "node:stream";
import type { NodemailerError } from "nodemailer";
import type { SentMessageInfo, default as SMTPPool } from "nodemailer/lib/smtp-pool";
import { isLoopback } from "../lib/loopback.ts";
import { parseSmtpUrl } from "../lib/smtp-url.ts";
import { connectToRelay } from "./connect.ts";
import type { ComposedMail } from "./message.ts";
import { mimeMessage } from "./mime.ts";

// As an import it would bring in undici, for the reason that lib/http.ts gives.
const Pool = createRequire(import.meta.url)("nodemailer/lib/smtp-pool") as typeof SMTPPool;

/** What one attempt to hand a mail to the relay came to. Reasons are safe to show: no dialogue, no address, no link. */
type Attempt =
  | { readonly kind: "accepted" }
  /** The relay refused this mail for good. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Temporary, or unknown whether it was accepted. */
  | { readonly kind: "failed"; readonly reason: string };

export interface MailTransport {
  send(mail: ComposedMail): Promise<Attempt>;
  /** Cuts off what is under way; it counts as failed. */
  close(): void;
}

export interface MailTransportOptions {
  readonly smtpUrl: string;
  /** Host of `PUBLIC_URL`: our name when we greet the relay. */
  readonly publicHost: string;
  readonly times?: TransportTimes | undefined;
}

export interface TransportTimes {
  /** From the look at its name until the server is connected. */
  readonly connectionMs: number;
  /** RFC 5321 §4.5.3.2.1: 5 minutes. Some servers delay their greeting on purpose, to see who does not wait. */
  readonly greetingMs: number;
  /** Silence of the server. RFC 5321 §4.5.3.2.6 grants it 10 minutes after the final dot; less makes duplicates. */
  readonly socketMs: number;
  /** One attempt in all, waiting for a free connection included: a server that trickles never falls silent. */
  readonly attemptMs: number;
}

const TRANSPORT_TIMES: TransportTimes = {
  connectionMs: 30_000,
  greetingMs: 300_000,
  socketMs: 600_000,
  attemptMs: 900_000,
};

/**
 * A pool of connections to the relay of `SMTP_URL` (`smtp://` or `smtps://`, with `user:password@` when it asks for it).
 * `smtp://` must upgrade to TLS unless the relay runs on this machine.
 *
 * @throws TypeError when the URL cannot be used; the message does not repeat it, as it may hold a password.
 */
export function createMailTransport({
  smtpUrl,
  publicHost,
  times = TRANSPORT_TIMES,
}: MailTransportOptions): MailTransport {
  const relay = parseSmtpUrl(smtpUrl);
  if (typeof relay === "string") throw new TypeError(`Cannot use SMTP_URL: ${relay}`);
  const local = isLoopback(relay.host);
  const pool = new Pool({
    ...relay,
    maxConnections: 5,
    maxMessages: 100,
    // Our own tries are bounded by the mailer; this one replaces an idle connection that the server had dropped.
    maxRequeues: 1,
    requireTLS: !relay.secure && !local,
    // A relay on this machine has a certificate for another name, if any; nobody sits in between.
    tls: { minVersion: "TLSv1.2", rejectUnauthorized: !local },
    getSocket: (_, done) => connectToRelay(relay, { publicHost, withinMs: times.connectionMs }, done),
    // The library bounds connecting, greeting and TLS together by this, whatever each may take by itself.
    connectionTimeout: times.connectionMs + 2 * times.greetingMs,
    greetingTimeout: times.greetingMs,
    socketTimeout: times.socketMs,
    // Both would print decision links.
    logger: false,
    debug: false,
  });
  let closed = false;
  return {
    async send(mail) {
      const recipient = mail.to.address;
      try {
        const info = await handOver(pool, mail, AbortSignal.timeout(times.attemptMs));
        const { to } = info.envelope;
        if (to.length !== 1 || to[0] !== recipient) {
          throw new Error("Mail went to other recipients than asked: the mail library changed the envelope");
        }
        return { kind: "accepted" };
      } catch (error) {
        return closed ? { kind: "failed", reason: "The mail sender was shut down" } : attemptFrom(error);
      }
    },
    close() {
      closed = true;
      pool.close({ force: true });
    },
  };
}

/**
 * Gives the pool a mail that is encoded already, as the library's own composer gives it one. That composer is a tree of
 * nodes that write themselves through streams, which costs more than all else that is done for a mail.
 */
function handOver(pool: SMTPPool, mail: ComposedMail, signal: AbortSignal): Promise<SentMessageInfo> {
  const bytes = Buffer.from(mimeMessage(mail, new Date()));
  const message = {
    getEnvelope: () => ({ from: mail.from.address, to: [mail.to.address] }),
    getHeader: () => mail.messageId,
    messageId: () => mail.messageId,
    // A new one each time: what a dropped connection had not begun to read goes out over another.
    createReadStream: () => Readable.from(bytes),
  };
  // All of a `MailMessage` that a pool asks for.
  const handed = { data: { signal }, message } as unknown as Parameters<SMTPPool["send"]>[0];
  return new Promise((resolve, reject) => {
    pool.send(handed, (error, info) => (info === undefined ? reject(error) : resolve(info)));
  });
}

/**
 * A 5xx answer to sender, recipient or content is the relay's last word on this mail. A 5xx before (greeting, TLS, login)
 * is about the session: the operator can mend it, so the mail waits.
 */
function attemptFrom(error: unknown): Attempt {
  const { code, responseCode, permanent, command } = smtpFacts(error);
  if (code === undefined) throw error;
  const refused = command === undefined ? undefined : REFUSED[command];
  if (responseCode !== undefined && refused !== undefined) {
    return permanent
      ? { kind: "refused", reason: `The mail server refused ${refused} (${responseCode})` }
      : { kind: "failed", reason: `The mail server put off ${refused} (${responseCode})` };
  }
  const answer = responseCode === undefined ? "" : ` (${responseCode})`;
  return { kind: "failed", reason: `${FAILURES[code] ?? "The mail server could not be used"}${answer}` };
}

const REFUSED: Readonly<Record<string, string>> = {
  "MAIL FROM": "the sender",
  "RCPT TO": "the recipient",
  DATA: "the message",
};

const FAILURES: Readonly<Record<string, string>> = {
  ETIMEDOUT: "The mail server did not answer in time",
  EABORT: "The mail server did not answer in time",
  ECONNECTION: "The connection to the mail server was lost",
  ESOCKET: "The mail server could not be reached",
  EDNS: "The mail server's name could not be resolved",
  ETLS: "No secure connection to the mail server",
  EAUTH: "The mail server refused our login",
  ENOAUTH: "The mail server refused our login",
  EPROTOCOL: "The mail server gave an unexpected answer",
};

/** Errors of the mail library carry a code; anything else is a fault of ours. */
function smtpFacts(error: unknown): Partial<NodemailerError> {
  return error instanceof Error ? error : {};
}

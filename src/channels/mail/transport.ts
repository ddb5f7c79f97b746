import { createRequire } from "node:module";
import { Readable } from "node:stream";
import type { NodemailerError } from "nodemailer";
import type { SentMessageInfo, default as SMTPPool } from "nodemailer/lib/smtp-pool";
import { isLoopback } from "../../lib/loopback.ts";
import { parseSmtpUrl, type SmtpRelay } from "../../lib/smtp-url.ts";
import { connectToRelay } from "./connect.ts";
import type { ComposedMail } from "./message.ts";
import { mimeMessage } from "./mime.ts";
import { codesOf, type Meaning, meaningOf, type Reply, type Stage } from "./reply.ts";
import { createTurns } from "./turns.ts";

const require = createRequire(import.meta.url);

/** The result of one attempt to give a mail to the relay. Reasons are safe to show: no dialogue, no address, no link. */
export type Attempt =
  | { readonly kind: "accepted" }
  /** The relay refused this mail for good. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Not now, or unknown whether it was accepted. */
  | { readonly kind: "failed"; readonly cause: Cause; readonly reason: string };

/** Who has to act while a mail waits; `stopped`: we do. */
type Cause = Exclude<Meaning, "final"> | "stopped";

export interface MailTransport {
  send(mail: ComposedMail): Promise<Attempt>;
  /** Cuts off mails in transfer; they count as failed. */
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
  /** One attempt in all, from its turn on: a server that trickles never falls silent. */
  readonly attemptMs: number;
  /** How long mails wait for their turn while those before them make no progress. */
  readonly stallMs: number;
}

const TRANSPORT_TIMES: TransportTimes = {
  connectionMs: 30_000,
  greetingMs: 300_000,
  socketMs: 600_000,
  attemptMs: 900_000,
  stallMs: 20_000,
};

const CONNECTIONS_MAX = 5;

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
  let made: SMTPPool | undefined;
  const pool = () => (made ??= openPool(relay, { publicHost, times }));
  // The library takes a fifth of a start, so the start does not wait for it. The first mail need not wait either.
  const afterStart = setImmediate(pool);
  const turns = createTurns({ limit: CONNECTIONS_MAX, stallMs: times.stallMs });
  let closed = false;
  return {
    async send(mail) {
      const attempt = await turns.run(() => attemptAt(mail));
      if (attempt !== "stalled") return attempt;
      return closed ? STOPPED : { kind: "failed", cause: "server", reason: "The mail server is too slow" };
    },
    close() {
      closed = true;
      turns.close();
      clearImmediate(afterStart);
      made?.close({ force: true });
    },
  };

  async function attemptAt(mail: ComposedMail): Promise<Attempt> {
    const recipient = mail.to.address;
    try {
      const info = await handOver(pool(), mail, AbortSignal.timeout(times.attemptMs));
      const { to } = info.envelope;
      if (to.length !== 1 || to[0] !== recipient) {
        throw new Error("The mail library changed the recipients of a mail");
      }
      return { kind: "accepted" };
    } catch (error) {
      return closed ? STOPPED : attemptFrom(error);
    }
  }
}

function openPool(
  relay: SmtpRelay,
  { publicHost, times }: { readonly publicHost: string; readonly times: TransportTimes },
): SMTPPool {
  // As an import it would bring in undici, for the reason that lib/http.ts gives.
  const Pool = require("nodemailer/lib/smtp-pool") as typeof SMTPPool;
  const local = isLoopback(relay.host);
  return new Pool({
    ...relay,
    maxConnections: CONNECTIONS_MAX,
    maxMessages: 100,
    // Our own tries are bounded by the mailer; this one replaces an idle connection that the server had dropped.
    maxRequeues: 1,
    requireTLS: !relay.secure && !local,
    // A relay on this machine has a certificate for another name, if any, and nobody can intercept the connection.
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
}

const STOPPED: Attempt = { kind: "failed", cause: "stopped", reason: "The mail sender was shut down" };

/**
 * Gives the pool a mail that is encoded already, as the library's own composer gives it one. That composer is a tree of
 * nodes that write themselves through streams, which costs more than all else that is done for a mail.
 */
function handOver(pool: SMTPPool, mail: ComposedMail, signal: AbortSignal): Promise<SentMessageInfo> {
  const bytes = Buffer.from(mimeMessage(mail, new Date()));
  const message = {
    getEnvelope: () => ({ from: mail.returnPath ?? mail.from.address, to: [mail.to.address] }),
    getHeader: () => mail.messageId,
    messageId: () => mail.messageId,
    // A new one each time: what a dropped connection had not begun to read goes out over another.
    createReadStream: () => Readable.from(bytes),
  };
  // All of a `MailMessage` that a pool asks for.
  const data = { signal, ...(mail.returnPath === undefined ? {} : { dsn: REPORTS }) };
  const handed = { data, message } as unknown as Parameters<SMTPPool["send"]>[0];
  return new Promise((resolve, reject) => {
    pool.send(handed, (error, info) => (info === undefined ? reject(error) : resolve(info)));
  });
}

/**
 * What we want to be told, of servers that offer the choice (RFC 3461): failures and delays, with the headers of the mail alone,
 * because its text has links that decide.
 */
const REPORTS = { return: "headers", notify: ["failure", "delay"] } as const;

function attemptFrom(error: unknown): Attempt {
  const { code, responseCode, response = "", command, originalCode } = smtpFacts(error);
  if (code === undefined) throw error;
  const stage = stageOf(command, code);
  if (responseCode !== undefined && stage !== undefined) {
    const reply: Reply = { stage, code: responseCode, text: response };
    const meaning = meaningOf(reply);
    const reason = `${WORDS[stage][meaning === "mail" || meaning === "server" ? "later" : meaning]} (${codesOf(reply)})`;
    return meaning === "final" ? { kind: "refused", reason } : { kind: "failed", cause: meaning, reason };
  }
  const details = originalCode !== undefined && IN_TLS.test(originalCode) ? ` (${originalCode})` : "";
  if (code === "ETLS" || details !== "") {
    return { kind: "failed", cause: "settings", reason: `${WORDS.STARTTLS.settings}${details}` };
  }
  if (code === "EAUTH" || code === "ENOAUTH") {
    return { kind: "failed", cause: "settings", reason: WORDS.AUTH.settings };
  }
  return { kind: "failed", cause: "server", reason: FAILURES[code] ?? "The mail server could not be used" };
}

/** The library's name for what a reply answered. */
function stageOf(command: string | undefined, code: string): Stage | undefined {
  switch (command) {
    case "CONN":
      return "greeting";
    case "EHLO":
    case "HELO":
      return "EHLO";
    case "STARTTLS":
      return "STARTTLS";
    case "MAIL FROM":
      return "MAIL";
    case "RCPT TO":
      return "RCPT";
    case "DATA":
      return code === "EMESSAGE" ? "content" : "DATA";
    default:
      return command?.startsWith("AUTH") === true ? "AUTH" : undefined;
  }
}

interface Words {
  readonly later: string;
  readonly final: string;
  readonly settings: string;
}

function words(what: string, settings: string): Words {
  return {
    later: `The mail server put off ${what}`,
    final: `The mail server refused ${what}`,
    settings,
  };
}

const WORDS: Readonly<Record<Stage, Words>> = {
  greeting: words("the connection", "The mail server does not let us connect"),
  EHLO: words("our greeting", "The mail server does not let us greet it"),
  STARTTLS: words("a secure connection", "No secure connection to the mail server"),
  AUTH: words("our login", "The mail server refused our login"),
  MAIL: words("the sender", "The mail server does not take our sender"),
  RCPT: words("the recipient", "The mail server does not let us send to the recipient"),
  DATA: words("the message", "The mail server does not let us send the message"),
  content: words("the message", "The mail server does not let us send the message"),
};

/** Errors of certificates and of TLS, as Node and OpenSSL name them; those of the network have other names. */
const IN_TLS =
  /^(?:ERR_(?:TLS|SSL|OSSL)_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO)/u;

const FAILURES: Readonly<Record<string, string>> = {
  ETIMEDOUT: "The mail server did not answer in time",
  EABORT: "The mail server did not answer in time",
  ECONNECTION: "The connection to the mail server was lost",
  ESOCKET: "The mail server could not be reached",
  EDNS: "The mail server's name could not be resolved",
  EPROTOCOL: "The mail server gave an unexpected answer",
};

/** Errors of the mail library carry a code; anything else is a fault of ours. */
function smtpFacts(error: unknown): Partial<NodemailerError> {
  return error instanceof Error ? error : {};
}

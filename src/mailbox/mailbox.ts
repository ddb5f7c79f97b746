import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { isLoopback } from "../lib/loopback.ts";
import { type MailStore, openMailStore } from "./store.ts";

/** A real SMTP server for development: it takes every mail, delivers none, and shows them at `/mailbox`. */
export interface Mailbox {
  /** The address that it listens on, for `SMTP_URL`. */
  readonly url: string;
  readonly port: number;
  readonly mails: Pick<MailStore, "ids" | "read">;
  close(): Promise<void>;
}

export interface MailboxOptions {
  /** Folder of the mails; survives restarts. */
  readonly dir: string;
  /** Default 127.0.0.1. Must be a loopback address: everyone who reaches the mailbox reads decision links. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The mailbox refuses to start in production. */
  readonly production: boolean;
  /** How many mails are kept, the newest. Default 1,000. */
  readonly keep?: number;
}

/** @throws when production or a host that other machines reach is asked for, or the port is taken. */
export async function startMailbox(options: MailboxOptions): Promise<Mailbox> {
  const { dir, host = "127.0.0.1", port, production, keep = MAILS_KEPT } = options;
  if (production)
    throw new TypeError("Cannot start the mailbox: it is for development, set SMTP_URL in production");
  if (!isLoopback(host)) {
    throw new TypeError(
      `Cannot start the mailbox: host must be a loopback address such as 127.0.0.1, not ${host}`,
    );
  }
  const store = await openMailStore(dir, { keep });
  const server = new SMTPServer({
    banner: "Countersign development mailbox",
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    // There is no login, so a connection that sends many mails is no attempt at guessing one.
    maxAllowedUnauthenticatedCommands: false,
    disableReverseLookup: true,
    logger: false,
    size: MAIL_BYTES_MAX,
    rejectOversized: true,
    maxClients: CLIENTS_MAX,
    maxRecipients: RECIPIENTS_MAX,
    closeTimeout: CLOSE_MS,
    async onData(stream, session, done) {
      done(await receive({ stream, session, store }));
    },
  });
  // Clients that hang up in the middle of a mail are their own problem.
  server.on("error", () => {});
  server.listen(port, host);
  await Promise.race([once(server.server, "listening"), failure(server)]);
  const address = server.server.address() as AddressInfo;
  return {
    url: `smtp://${host.includes(":") ? `[${address.address}]` : address.address}:${address.port}`,
    port: address.port,
    mails: { ids: store.ids, read: store.read },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const MAILS_KEPT = 1_000;
/** Ours are below 100 KiB; this leaves room for whatever a workflow sends. */
const MAIL_BYTES_MAX = 2 * 1024 * 1024;
/** Twenty mailers with a pool each. */
const CLIENTS_MAX = 100;
const RECIPIENTS_MAX = 100;
const CLOSE_MS = 1_000;

async function failure(server: SMTPServer): Promise<never> {
  const [error] = (await once(server.server, "error")) as [Error];
  throw error;
}

/** Stores the mail before the client is told that it was accepted; otherwise answers what to tell the client. */
async function receive(incoming: {
  readonly stream: SMTPServerDataStream;
  readonly session: SMTPServerSession;
  readonly store: MailStore;
}): Promise<Error | undefined> {
  const { stream, session, store } = incoming;
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) {
      if (!stream.sizeExceeded) chunks.push(chunk as Buffer);
    }
    if (!stream.sizeExceeded) await store.add(Buffer.concat([envelopeLines(session), ...chunks]));
    return undefined;
  } catch (cause) {
    return Object.assign(new Error("The mail could not be stored", { cause }), { responseCode: 451 });
  }
}

/** Who it was really for, as mail servers note it: the headers below are only what the sender wrote. */
function envelopeLines({ envelope }: SMTPServerSession): Buffer {
  const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
  const to = envelope.rcptTo.map(({ address }) => `Delivered-To: ${address}\r\n`);
  return Buffer.from(`Return-Path: <${from}>\r\n${to.join("")}`);
}

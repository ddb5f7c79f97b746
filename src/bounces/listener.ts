/**
 * An SMTP server that takes what comes back, and nothing else: it is no relay, and no mailbox. It accepts a recipient only if
 * the address is a return path of ours, by its signature and before its time is over. It answers 250 to a mail when what
 * the mail reports is on disk.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerDataStream } from "smtp-server";
import { REPORT_BYTES_MAX } from "./report.ts";

export interface BounceListener {
  readonly port: number;
  /** Takes no more connections, and ends those that are open. */
  close(): Promise<void>;
}

export interface BounceListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The name in the greeting. */
  readonly name: string;
  /** Whether the address is a return path of ours. */
  readonly isOurs: (address: string) => boolean;
  /** Takes a mail. If it fails, the sender is told to try again. */
  readonly take: (mail: { readonly to: readonly string[]; readonly raw: Buffer }) => Promise<void>;
  readonly onFault: (error: unknown) => void;
  /** How long a session may take, however much its client says, in milliseconds. Default: five minutes; a report takes seconds. */
  readonly sessionMs?: number | undefined;
}

/** Each notification is about one mail of ours. */
const RECIPIENTS_MAX = 10;
const CLIENTS_MAX = 50;
/** One mail system has a few at once, and comes again if it is refused. So none keeps the others out. */
const CLIENTS_OF_ONE_MAX = 10;
const SILENCE_MS = 60_000;
const SESSION_MS = 300_000;
const CLOSE_MS = 2_000;

/** @throws when the port is taken */
export async function startBounceListener(options: BounceListenerOptions): Promise<BounceListener> {
  const { host, port, name, isOurs, take, onFault, sessionMs = SESSION_MS } = options;
  /** Addresses that open sessions come from, by session. */
  const admitted = new Map<string, string>();
  const server = new SMTPServer({
    name,
    banner: "Countersign takes reports about its own mails",
    authOptional: true,
    // Without a certificate of its own it can offer none: a mail system that delivers to everybody does without.
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    logger: false,
    size: REPORT_BYTES_MAX,
    rejectOversized: true,
    maxClients: CLIENTS_MAX,
    maxRecipients: RECIPIENTS_MAX,
    socketTimeout: SILENCE_MS,
    closeTimeout: CLOSE_MS,
    onConnect({ id, remoteAddress }, done) {
      const others = [...admitted.values()].filter((address) => address === remoteAddress).length;
      if (others >= CLIENTS_OF_ONE_MAX)
        return done(refusal(421, "4.7.0 Too many connections from this address: try again later"));
      admitted.set(id, remoteAddress);
      done(null);
    },
    onClose({ id }) {
      admitted.delete(id);
    },
    onRcptTo({ address }, _session, done) {
      done(isOurs(address) ? null : refusal(550, "5.1.1 There is no such address"));
    },
    async onData(stream, { envelope }, done) {
      try {
        const raw = await readAll(stream);
        if (raw !== undefined) await take({ to: envelope.rcptTo.map(({ address }) => address), raw });
        done(null);
      } catch (error) {
        // The client has hung up in the middle of the mail: it sends the mail again, and nobody hears an answer.
        if (stream.errored !== null) return done(null);
        onFault(error);
        done(refusal(451, "4.3.0 This cannot be stored now: try again later"));
      }
    },
  });
  server.server.on("connection", (socket) => {
    // Also of a client that is never silent.
    const end = setTimeout(() => socket.destroy(), sessionMs);
    socket.once("close", () => clearTimeout(end));
  });
  // Clients that hang up in the middle of a mail are their own problem.
  server.on("error", () => {});
  server.listen(port, host);
  await Promise.race([once(server.server, "listening"), failure(server)]);
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Undefined if it is too large: the library has refused it then. */
async function readAll(stream: SMTPServerDataStream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    if (!stream.sizeExceeded) chunks.push(chunk as Buffer);
  }
  return stream.sizeExceeded ? undefined : Buffer.concat(chunks);
}

async function failure(server: SMTPServer): Promise<never> {
  const [error] = (await once(server.server, "error")) as [Error];
  throw error;
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

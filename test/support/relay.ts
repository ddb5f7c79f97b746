import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import { HANGS_MS } from "./eventually.ts";
import { type AnyMail, isNotice, type ReadMail, readMail, readNotice } from "./mails.ts";

/** What the relay says: yes, an SMTP refusal (4xx: later, 5xx: never), or nothing more on this connection. */
type Verdict = "accept" | "drop" | { readonly code: number };

/** Each is asked at its moment, and the relay answers when it has answered; without one it accepts. */
export interface RelayScript {
  /** After RCPT TO: nothing of the mail has been sent. */
  rcpt?: (address: string) => Verdict | Promise<Verdict>;
  /**
   * After the final dot. From the verdict "accept" on the mail is the relay's: it counts as accepted before the 250
   * leaves, whether or not anybody is left to hear it.
   */
  data?: (mail: ReadMail) => Verdict | Promise<Verdict>;
}

/** A real SMTP server as a company's relay, in the test's own process: it outlives every worker. */
export interface Relay extends AsyncDisposable {
  /** For `SMTP_URL`. */
  readonly url: string;
  /** May be changed at any time. */
  script: RelayScript;
  /** Accepted mails in the order of acceptance, copies included. */
  readonly accepted: readonly ReadMail[];
  /** Mails without a link to decide by, in the order of acceptance, copies included. */
  readonly notices: readonly AnyMail[];
  /** Contents that arrived whole, accepted or not. */
  readonly received: readonly ReadMail[];
  /** RCPT commands seen. */
  readonly attempts: number;
  /** Waits for the mail to this address that belongs to the approval (or to anything below that workflow). */
  mailTo(address: string, approval: string, within?: { readonly withinMs?: number }): Promise<ReadMail>;
  /** Accepted mails of an approval, or of anything below that workflow. */
  mailsOf(approval: string): ReadMail[];
  /** The next mail is held after its final dot, until `release`. */
  holdNext(): Held;
}

interface Held {
  /** Resolves when the whole mail is here and the relay is about to answer. */
  readonly mail: Promise<ReadMail>;
  release(verdict: Verdict): void;
}

export async function startRelay(script: RelayScript = {}): Promise<Relay> {
  const accepted: ReadMail[] = [];
  const notices: AnyMail[] = [];
  const received: ReadMail[] = [];
  const waiting = new Set<(mail: ReadMail) => void>();
  let attempts = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    maxAllowedUnauthenticatedCommands: false,
    disableReverseLookup: true,
    closeTimeout: 50,
    logger: false,
    onRcptTo({ address }, session, done) {
      attempts += 1;
      void answer(session.id, async () => relay.script.rcpt?.(address), done);
    },
    onData(stream, session, done) {
      // A sender that dies before the final dot has sent nothing.
      const whole = buffer(stream).catch(() => undefined);
      const judge = async () => {
        const content = await whole;
        if (content === undefined) return "drop";
        // Taken without a word: tests wait for mails that ask.
        if (await isNotice(content)) {
          notices.push(await readNotice(content));
          return "accept";
        }
        const mail = await readMail(content);
        received.push(mail);
        const verdict = (await relay.script.data?.(mail)) ?? "accept";
        if (verdict === "accept") {
          accepted.push(mail);
          for (const look of waiting) look(mail);
        }
        return verdict;
      };
      void answer(session.id, judge, done);
    },
  });

  async function answer(
    sessionId: string,
    judge: () => Promise<Verdict | undefined>,
    done: (error?: Error | null) => void,
  ): Promise<void> {
    const verdict = (await judge()) ?? "accept";
    if (verdict === "accept") return done();
    if (verdict !== "drop") return done(Object.assign(new Error("Refused"), { responseCode: verdict.code }));
    for (const connection of server.connections)
      if (connection.id === sessionId) connection._socket.destroy();
  }

  // Clients that are killed in the middle of a mail are what tests are about.
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;

  const relay: Relay = {
    url: `smtp://127.0.0.1:${port}`,
    script,
    accepted,
    notices,
    received,
    get attempts() {
      return attempts;
    },
    mailTo: (address, approval, { withinMs = HANGS_MS } = {}) => {
      const isIt = (mail: ReadMail) => mail.to === address && isBelow(mail.ballot, approval);
      const mail = accepted.find(isIt);
      if (mail !== undefined) return Promise.resolve(mail);
      // Hundreds may wait at once: they are told, and do not look.
      return new Promise((resolve, reject) => {
        const end = (act: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          act();
        };
        const look = (mail: ReadMail) => isIt(mail) && end(() => resolve(mail));
        const late = new Error(`Not so within ${withinMs} ms: a mail to ${address} for ${approval}`);
        const timer = setTimeout(() => end(() => reject(late)), withinMs);
        waiting.add(look);
      });
    },
    mailsOf: (approval) => accepted.filter(({ ballot }) => isBelow(ballot, approval)),
    holdNext: () => hold(relay),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return relay;
}

function isBelow(id: string, root: string): boolean {
  return id.startsWith(`${root}:`) || id.startsWith(`${root}.`);
}

function hold(relay: Relay): Held {
  const before = relay.script.data;
  const arrived = Promise.withResolvers<ReadMail>();
  const released = Promise.withResolvers<Verdict>();
  relay.script.data = (mail) => {
    // One mail only: the next one meets the script as it was.
    if (before === undefined) delete relay.script.data;
    else relay.script.data = before;
    arrived.resolve(mail);
    return released.promise;
  };
  return { mail: arrived.promise, release: released.resolve };
}

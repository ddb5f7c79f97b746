import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

/** What a mail server answers, call by call: an SMTP code, or how it misbehaves. Codes below 400 accept. */
export interface SinkScript {
  /** After RCPT TO. `drop`: cuts the connection. */
  readonly rcpt?: (attempt: number) => number | "drop";
  /** After the final dot. `drop`: takes the mail and cuts the connection. `hang`: never answers. */
  readonly data?: (attempt: number) => number | "drop" | "hang";
  readonly login?: { readonly user: string; readonly pass: string };
  /** Offers DSN (RFC 3461). */
  readonly reports?: boolean;
}

interface SunkMail {
  readonly from: string;
  readonly to: readonly string[];
  /** What the sender asked to be told (RFC 3461), where the sink offers that. */
  readonly reports?: string;
  /** The bytes as they came, CRLF included. */
  readonly raw: string;
}

export interface SmtpSink extends AsyncDisposable {
  readonly url: string;
  /** Mails whose bytes arrived, accepted or not. */
  readonly mails: readonly SunkMail[];
  /** RCPT TO commands seen. */
  readonly attempts: () => number;
}

/** A real SMTP server with scripted answers. */
export async function startSmtpSink(script: SinkScript = {}): Promise<SmtpSink> {
  const mails: SunkMail[] = [];
  let recipients = 0;
  let contents = 0;
  const server = new SMTPServer({
    authOptional: script.login === undefined,
    allowInsecureAuth: true,
    disabledCommands: script.login === undefined ? ["AUTH", "STARTTLS"] : ["STARTTLS"],
    maxAllowedUnauthenticatedCommands: false,
    disableReverseLookup: true,
    hideDSN: script.reports !== true,
    closeTimeout: 50,
    onAuth(auth, _session, done) {
      const ok = auth.username === script.login?.user && auth.password === script.login?.pass;
      done(ok ? null : new Error("No such user or password"), ok ? { user: auth.username } : undefined);
    },
    onRcptTo(_address, _session, done) {
      recipients += 1;
      const said = script.rcpt?.(recipients) ?? 250;
      if (said === "drop") dropAll();
      else done(answer(said));
    },
    async onData(stream, session, done) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      contents += 1;
      const { mailFrom, rcptTo, dsn } = session.envelope;
      mails.push({
        from: mailFrom === false ? "" : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        ...(script.reports === true ? { reports: JSON.stringify({ ...dsn, ...rcptTo[0]?.dsn }) } : {}),
        raw: Buffer.concat(chunks).toString("utf8"),
      });
      const said = script.data?.(contents) ?? 250;
      if (said === "drop") dropAll();
      else if (said !== "hang") done(answer(said));
    },
  });
  const dropAll = () => {
    for (const connection of server.connections) connection._socket.destroy();
  };
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  const login = script.login === undefined ? "" : `${script.login.user}:${script.login.pass}@`;
  return {
    url: `smtp://${login}127.0.0.1:${port}`,
    mails,
    attempts: () => recipients,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function answer(code: number): Error | null {
  if (code < 400) return null;
  return Object.assign(new Error("Scripted answer about nobody@example.com"), { responseCode: code });
}

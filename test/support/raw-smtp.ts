import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** The stage of a session at which a line is answered; `.` is the end of the mail. */
type Stage = "greeting" | "EHLO" | "HELO" | "STARTTLS" | "AUTH" | "MAIL" | "RCPT" | "DATA" | "." | "RSET";

export interface RawSmtp extends AsyncDisposable {
  readonly url: string;
  /** `host:port`, for URLs with a login. */
  readonly host: string;
  /** Every line that came, contents of mails left out. */
  readonly lines: readonly string[];
  /** May be changed at any time: the replies by stage, each one or more lines without CRLF; `undefined`: silence. */
  replies: Partial<Record<Stage, string | undefined>>;
  /** Connections that are open. */
  readonly open: () => number;
  /** Greets those who wait for it, and all who come after. */
  greet(): void;
}

const REPLIES: Record<Stage, string> = {
  greeting: "220 mail.example.com ESMTP",
  EHLO: "250 mail.example.com",
  HELO: "250 mail.example.com",
  STARTTLS: "454 4.7.0 TLS is not available",
  AUTH: "235 2.7.0 Welcome",
  MAIL: "250 2.1.0 Fine",
  RCPT: "250 2.1.5 Fine",
  DATA: "354 Go on",
  ".": "250 2.0.0 Queued",
  RSET: "250 2.0.0 Fine",
};

/** A mail server of which every reply can be written by hand, as relays write them that no library knows. */
export async function startRawSmtp(replies: RawSmtp["replies"] = {}, port = 0): Promise<RawSmtp> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    const answer = (stage: Stage): string | undefined => {
      const reply = stage in raw.replies ? raw.replies[stage] : REPLIES[stage];
      if (reply !== undefined) socket.write(`${reply.replaceAll("\n", "\r\n")}\r\n`);
      return reply;
    };
    let inMail = false;
    let rest = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\r\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        if (inMail) {
          if (line !== ".") continue;
          inMail = false;
          answer(".");
          continue;
        }
        lines.push(line);
        const verb = line.split(" ", 1)[0]?.toUpperCase() ?? "";
        if (verb === "QUIT") socket.end("221 2.0.0 Bye\r\n");
        else if (verb in REPLIES) inMail = (answer(verb as Stage) ?? "").startsWith("354");
        else socket.write("500 5.5.2 What\r\n");
      }
    });
    answer("greeting");
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const raw: RawSmtp = {
    url: `smtp://${host}`,
    host,
    lines,
    replies,
    open: () => sockets.size,
    greet() {
      raw.replies = { ...raw.replies, greeting: REPLIES.greeting };
      for (const socket of sockets) socket.write(`${REPLIES.greeting}\r\n`);
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return raw;
}

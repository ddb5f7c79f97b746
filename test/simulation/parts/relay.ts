/** The mail relay: takes mails by SMTP, and now and then refuses one, or is gone before it has said that it took it. */
import PostalMime from "postal-mime";
import type { Random } from "../../support/seeds.ts";
import type { SimSocket } from "../machine/wire.ts";
import type { World } from "../machine/world.ts";

export interface SimMail {
  readonly atMs: number;
  /** Process that sent it. */
  readonly to: string;
  readonly subject: string;
  readonly messageId: string;
  readonly text: string;
  readonly html: string;
}

/** Nobody ever receives what is sent there. */
export const REFUSED_DOMAIN = "refused.test";

export interface RelayOptions {
  readonly world: World;
  readonly random: Random;
  /** A mail was accepted. */
  readonly onMail: (mail: SimMail) => void;
}

/** Listens on port 25. */
export function startRelay({ world, random, onMail }: RelayOptions): void {
  /** Until when the relay puts everything off. */
  let closedUntil = 0;
  const isClosed = () => world.time.now() < closedUntil;
  const trouble = () => {
    world.time.after(random.below(6 * 24 * 3_600_000), () => {
      closedUntil = world.time.now() + random.below(3 * 3_600_000);
      trouble();
    });
  };
  trouble();
  world.wire.listen("127.0.0.1:25", (socket) => session(socket, { isClosed, random, onMessage }));

  async function onMessage(to: string, raw: string): Promise<void> {
    const atMs = world.time.now();
    const parsed = await PostalMime.parse(raw);
    onMail({
      atMs,
      to,
      subject: parsed.subject ?? "",
      messageId: parsed.messageId ?? "",
      text: parsed.text ?? "",
      html: parsed.html ?? "",
    });
  }
}

interface SessionOptions {
  readonly isClosed: () => boolean;
  readonly random: Random;
  readonly onMessage: (to: string, raw: string) => Promise<void>;
}

function session(socket: SimSocket, { isClosed, random, onMessage }: SessionOptions): void {
  let rest = "";
  let to = "";
  let isData = false;
  const say = (line: string) => socket.write(`${line}\r\n`);
  const command = (line: string) => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "EHLO" || verb === "HELO") say("250 relay.test");
    else if (verb === "MAIL") say(isClosed() ? "451 4.3.2 not now" : "250 2.1.0 fine");
    else if (verb === "RCPT") {
      to = /<([^<>]*)>/u.exec(line)?.[1] ?? "";
      if (to.endsWith(`@${REFUSED_DOMAIN}`)) say("550 5.1.1 no such mailbox");
      else say(random.chance(0.01) ? "450 4.2.1 mailbox busy" : "250 2.1.5 fine");
    } else if (verb === "DATA") {
      isData = true;
      say("354 go on");
    } else if (verb === "QUIT") {
      say("221 bye");
      socket.end();
    } else say("250 fine");
  };
  const data = () => {
    const end = rest.indexOf("\r\n.\r\n");
    if (end === -1) return false;
    const raw = rest.slice(0, end).replaceAll("\r\n..", "\r\n.");
    rest = rest.slice(end + 5);
    isData = false;
    void onMessage(to, raw);
    say("250 2.0.0 taken");
    return true;
  };
  socket.on("data", (chunk: Buffer) => {
    rest += chunk.toString("latin1");
    for (;;) {
      if (isData) {
        if (!data()) return;
      } else {
        const end = rest.indexOf("\r\n");
        if (end === -1) return;
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        command(line);
      }
    }
  });
  socket.on("end", () => socket.end());
  say("220 relay.test ESMTP");
}
